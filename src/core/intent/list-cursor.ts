import { fromBase64Url, toBase64Url } from "../base/base64url.ts";
import type { IntentRow } from "./read-model.ts";

/** Where a page of a list of intents starts: after this one. */
export interface ListCursor {
  readonly createdAt: number;
  readonly id: string;
}

/** As text that is opaque to clients. */
export function cursorText({ createdAt, id }: ListCursor): string {
  return toBase64Url(new TextEncoder().encode(`${createdAt} ${id}`));
}

/** The cursor after this row, as text. */
export function cursorOf(row: Pick<IntentRow, "created_at" | "id">): string {
  return cursorText({ createdAt: row.created_at, id: row.id });
}

/** Null: the text is no cursor. */
export function readCursor(text: string): ListCursor | null {
  const bytes = fromBase64Url(text);
  const [, createdAt, id] =
    /^(\d{1,15}) (\S{1,64})$/.exec(bytes === null ? "" : new TextDecoder().decode(bytes)) ?? [];
  return createdAt === undefined || id === undefined ? null : { createdAt: Number(createdAt), id };
}
