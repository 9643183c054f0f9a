import { err, ok, type Result } from "../base/result.ts";
import { secretEncodings, withoutCase } from "./secret-encodings.ts";
import { maskProblem, type MaskProblem } from "./secret-strength.ts";
import { MaskedBytes, type MaskedStream } from "./masked-bytes.ts";
import { compileSecrets, type CompiledSecrets } from "./compiled-secrets.ts";

/**
 * Masks credentials in responses to an agent: literal, in base64, in hexadecimal, and with any of their characters in a
 * spelling that the term matcher decodes (`base/escape-forms.ts`: percent-encoded, as in JSON or source code,
 * quoted-printable) or written as an HTML reference (see `secret-encodings.ts`, `escapes.ts`); in UTF-8, UTF-16 and other
 * encodings that contain ASCII. Every byte of every encoding found is masked, also where two overlap; every other byte
 * stays.
 *
 * Not found: a part of a secret (an upstream that shows the last four characters or truncates its response in the
 * middle), a secret with tags or other text between its characters, and values computed from it (a digest, a compressed
 * or encrypted text, base64 of base64, the secret reversed).
 */
export interface Masks {
  /** For one stream of bytes. */
  stream(): MaskedStream;
  /** For a header's value, a status text or a log line. */
  text(text: string): string;
  /** Is a secret in a header's name? Case is ignored, because the platform lower-cases names. */
  isInName(name: string): boolean;
}

/**
 * @param secrets the texts to mask; none: nothing is masked
 * @returns a problem where a secret can't be masked (see `maskProblem`): then no response may be relayed
 */
export function masksFor(secrets: readonly string[]): Result<Masks, MaskProblem> {
  for (const secret of secrets) {
    const problem = maskProblem(secret);
    if (problem !== null) return err(problem);
  }
  const encodings = secretEncodings(secrets);
  const compiled = compileSecrets(encodings);
  const stream = () => new MaskedBytes(compiled);
  const shortest = Math.min(...secrets.map(({ length }) => length));
  let caseless: CompiledSecrets | undefined;
  return ok({
    stream,
    text: (text) => maskedText(text, stream()),
    isInName(name) {
      // Most names are shorter than any secret.
      if (name.length < shortest) return false;
      caseless ??= compileSecrets(withoutCase(encodings));
      return maskedText(name, new MaskedBytes(caseless)) !== name;
    },
  });
}

function maskedText(text: string, stream: MaskedStream): string {
  const chunks = [...stream.push(new TextEncoder().encode(text)), ...stream.end()];
  // Returns the original: a round trip through UTF-8 would replace lone surrogates.
  if (stream.found() === 0) return text;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: false });
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
