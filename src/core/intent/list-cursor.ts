import { fromBase64Url, toBase64Url } from "../base/base64url.ts";
import { deadlineOf, type IntentRow, NO_DEADLINE } from "./read-model.ts";

/** By when intents were proposed, the latest first; or, of those that wait, what must be decided first. */
export type ListOrder = "newest" | "soonest";

/** Where a page of a list of intents starts: after this one. */
export interface ListCursor {
  /** The time by which the list is ordered, in milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
}

/** As text that is opaque to clients. */
export function cursorText({ at, id }: ListCursor): string {
  return toBase64Url(new TextEncoder().encode(`${at} ${id}`));
}

/** The place of this row in a list of that order. */
export function placeOf(
  row: Pick<IntentRow, "created_at" | "decide_by" | "approval" | "id">,
  order: ListOrder = "newest",
): ListCursor {
  return { at: order === "newest" ? row.created_at : (deadlineOf(row) ?? NO_DEADLINE), id: row.id };
}

/** The cursor after this row of a list, newest first. */
export function cursorOf(row: IntentRow): string {
  return cursorText(placeOf(row));
}

/** Null: the text is no cursor. */
export function readCursor(text: string): ListCursor | null {
  const bytes = fromBase64Url(text);
  const [, at, id] =
    /^(\d{1,15}) (\S{1,64})$/.exec(bytes === null ? "" : new TextDecoder().decode(bytes)) ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id };
}
