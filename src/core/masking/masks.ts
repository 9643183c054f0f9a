import { err, ok, type Result } from "../base/result.ts";
import { secretEncodings, withoutCase } from "./secret-encodings.ts";
import { maskProblem, type MaskProblem } from "./secret-strength.ts";
import { MaskedBytes, type MaskedStream } from "./masked-bytes.ts";
import { compileSecrets, type CompiledSecrets } from "./compiled-secrets.ts";

/**
 * Takes secrets out of what goes back to an agent: as they are, in base64, in hexadecimal, and with any of their
 * characters percent-encoded, escaped as in JSON, or written as a reference of HTML (see `forms.ts`, `escapes.ts`);
 * in UTF-8, UTF-16 and whatever else has ASCII in it. All bytes of all forms found are taken out, also where forms
 * overlap; every other byte stays.
 *
 * What this can't find: a part of a secret (an upstream that shows the last four characters, or cuts its answer off
 * in the middle), and what was computed from it (a digest, a compressed or encrypted text, base64 of base64, the
 * secret backwards).
 */
export interface Masks {
  /** For one stream of bytes. */
  stream(): MaskedStream;
  /** For a header's value, a status text, a line of a log. */
  text(text: string): string;
  /** Is one in a header's name? The platform writes names in lower case, whatever came. */
  isInName(name: string): boolean;
}

/**
 * @param secrets what must not be seen; none: nothing is masked
 * @returns a problem where one of them can't be masked (see `maskProblem`): then nothing may go back
 */
export function masksFor(secrets: readonly string[]): Result<Masks, MaskProblem> {
  for (const secret of secrets) {
    const problem = maskProblem(secret);
    if (problem !== null) return err(problem);
  }
  const forms = secretEncodings(secrets);
  const reading = compileSecrets(forms);
  const stream = () => new MaskedBytes(reading);
  const shortest = Math.min(...secrets.map(({ length }) => length));
  let inNames: CompiledSecrets | undefined;
  return ok({
    stream,
    text: (text) => maskedText(text, stream()),
    isInName(name) {
      // Most names are shorter than any secret.
      if (name.length < shortest) return false;
      inNames ??= compileSecrets(withoutCase(forms));
      return maskedText(name, new MaskedBytes(inNames)) !== name;
    },
  });
}

function maskedText(text: string, stream: MaskedStream): string {
  const chunks = [...stream.push(new TextEncoder().encode(text)), ...stream.end()];
  // A text without a secret stays as it is, whatever a round trip through UTF-8 would make of it.
  if (stream.found() === 0) return text;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: false });
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
