import { readBytes, SMALL_BODY_BYTES } from "../middleware/body.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";

/** What a form of the pages sent, each field once. */
export type Form = ReadonlyMap<string, string>;

/** Reads `application/x-www-form-urlencoded`, the one encoding our forms use; 4xx for anything else. */
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
    if (form.has(name)) return invalid("A field of the form came twice; which one would be meant?");
    form.set(name, value);
  }
  return form;
}

const MAX_NOTE_CHARACTERS = 4096;

/** A comment or reason, as it is kept. */
export function noteIn(form: Form, name: string): string | null {
  const text = form.get(name)?.replaceAll("\r\n", "\n") ?? "";
  if (text.length > MAX_NOTE_CHARACTERS) {
    return invalid(`Say it in at most ${MAX_NOTE_CHARACTERS} characters.`);
  }
  return text.trim() === "" ? null : text;
}

/** The digest of what the page showed: whoever decides on a page decides exactly that. */
export function digestIn(form: Form): string {
  const digest = form.get("digest") ?? "";
  return /^[0-9a-f]{64}$/.test(digest) ? digest : invalid("The form does not say what was decided on.");
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}
