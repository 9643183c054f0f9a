import { readBytes, SMALL_BODY_BYTES } from "../middleware/body.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";

/** The fields of a submitted form, each once. */
export type Form = ReadonlyMap<string, string>;

/** Parses `application/x-www-form-urlencoded`, the one encoding that Gate's forms use; 4xx for any other. */
export async function readForm(c: GateContext, limit = SMALL_BODY_BYTES): Promise<Form> {
  const type = (c.req.header("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    return refuse({
      status: 415,
      code: "unsupported_media_type",
      detail: "Send the form as a browser does.",
    });
  }
  const fields = new URLSearchParams(new TextDecoder().decode(await readBytes(c, limit)));
  const form = new Map<string, string>();
  for (const [name, value] of fields) {
    if (form.has(name)) return invalid(`The form has the field ${JSON.stringify(name)} twice.`);
    form.set(name, value);
  }
  return form;
}

const MAX_NOTE_CHARACTERS = 4096;

/** A comment or reason as Gate stores it, with plain line feeds; null: empty. */
export function noteIn(form: Form, name: string): string | null {
  const text = form.get(name)?.replaceAll("\r\n", "\n") ?? "";
  if (text.length > MAX_NOTE_CHARACTERS) {
    return invalid(`A comment or reason has at most ${MAX_NOTE_CHARACTERS} characters.`);
  }
  return text.trim() === "" ? null : text;
}

/** The digest of the intent that the page showed, which the vote is bound to (TOCTOU). */
export function digestIn(form: Form): string {
  const digest = form.get("digest") ?? "";
  return /^[0-9a-f]{64}$/.test(digest) ? digest : invalid("The form has no intent digest: reload the case.");
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}
