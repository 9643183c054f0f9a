import type { Facts } from "../facts.ts";
import type { Payload } from "../payload.ts";

/** A placeholder that was never filled in. */
export interface TemplateError {
  /** As written, at most 80 characters: `{{customer_name}}`. */
  readonly placeholder: string;
  /** JSON path, CSV column or line; null when there is none. */
  readonly where: string | null;
  /** In how many records. */
  readonly records: number;
}

/** Unresolved placeholders in the payload's texts. */
export function findTemplateErrors(payload: Payload, _facts: Facts): readonly TemplateError[] {
  if (payload.kind !== "content") return [];
  const text = new TextDecoder().decode(payload.bytes);
  const found = new Set(text.match(/\{\{\s*[\w.]{1,60}\s*\}\}/g) ?? []);
  return [...found].map((placeholder) => ({ placeholder, where: null, records: 1 }));
}
