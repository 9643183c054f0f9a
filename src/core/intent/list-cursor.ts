import { fromBase64Url, toBase64Url } from "../base/base64url.ts";
import type { IntentRow } from "./read-model.ts";

/** Where a page of a list of intents starts: after this one. */
export interface ListCursor {
  readonly createdAt: number;
  readonly id: string;
}

/** The cursor after this row, as text that is opaque to clients. */
export function cursorOf(row: Pick<IntentRow, "created_at" | "id">): string {
  return toBase64Url(new TextEncoder().encode(`${row.created_at} ${row.id}`));
}

/** Null: the text is no cursor. */
export function readCursor(text: string): ListCursor | null {
  const bytes = fromBase64Url(text);
  const [, createdAt, id] =
    /^(\d{1,15}) (\S{1,64})$/.exec(bytes === null ? "" : new TextDecoder().decode(bytes)) ?? [];
  return createdAt === undefined || id === undefined ? null : { createdAt: Number(createdAt), id };
}
