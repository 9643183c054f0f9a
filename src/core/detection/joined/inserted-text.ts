import { isJsonObject, type Json } from "../../base/json.ts";
import { textNameOf } from "./text-names.ts";

/** More insertions than these are joined in their order and backwards only, which is how programs write them. */
const MAX_PLACED = 200;
/** Every insertion copies what stands already. */
const MAX_PLACED_CHARS = 20_000;

interface Insertion {
  readonly text: string;
  /** Where it goes, counted from an unknown beginning. */
  readonly index: number;
}

/**
 * The texts that insertions at an index make (`{"insertText":{"text":"fund","location":{"index":1}}}` of Google Docs):
 * what is inserted later at the same place stands before. Null for a list that is none.
 */
export function insertedText(items: readonly Json[]): readonly string[] | null {
  const insertions = items.flatMap((item) => insertionOf(item) ?? []);
  if (insertions.length < 2) return null;
  const backwards = insertions
    .map(({ text }) => text)
    .toReversed()
    .join("");
  const length = insertions.reduce((sum, { text }) => sum + text.length, 0);
  if (insertions.length > MAX_PLACED || length > MAX_PLACED_CHARS) return [backwards];
  return [backwards, placed(insertions)];
}

function placed(insertions: readonly Insertion[]): string {
  const first = Math.min(...insertions.map(({ index }) => index));
  let document = "";
  for (const { text, index } of insertions) {
    const at = Math.min(index - first, document.length);
    document = document.slice(0, at) + text + document.slice(at);
  }
  return document;
}

function insertionOf(item: Json): Insertion | null {
  if (!isJsonObject(item)) return null;
  for (const request of Object.values(item)) {
    if (!isJsonObject(request) || !isJsonObject(request["location"])) continue;
    const index = request["location"]["index"];
    const name = textNameOf(request);
    const text = name === null ? null : request[name];
    if (typeof index === "number" && typeof text === "string") return { text, index };
  }
  return null;
}
