import type { Json } from "../../core/base/json.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { failed } from "./failure.ts";

/** Limit of Secrets Store and AWS, and more than any server accepts in a header. */
const MAX_SECRET_BYTES = 64 * 1024;

/** Shorter texts occur in upstream responses by chance, and masking them would mangle the response. */
const MIN_SECRET_CHARS = 8;

/** Header injection: a line break starts a header of the secret's own, and NUL ends a string in C. */
const BREAKS_HEADERS = /[\r\n\0]/;

/** U+FFFD: a decoder has replaced invalid bytes, so this is not the secret that was stored. */
const REPLACEMENT = "\ufffd";

/**
 * Checks that a secret can be injected unchanged and masked in responses. Not trimmed, which would change the secret.
 */
export function validateSecret(value: string): Result<string, VaultFailure> {
  const readable = validateText(value);
  if (!readable.ok) return readable;
  if (BREAKS_HEADERS.test(value)) {
    return failed(
      "invalid_response",
      "the secret contains a line break or NUL (perhaps at its end), which would end a header",
    );
  }
  if (value.length < MIN_SECRET_CHARS) {
    return failed(
      "too_short",
      `the secret has fewer than ${MIN_SECRET_CHARS} characters and could not be masked`,
    );
  }
  return ok(value);
}

/** The same for a secret that is neither injected nor sent, such as a private key, which has line breaks. */
export function validateText(value: string): Result<string, VaultFailure> {
  if (value === "") return failed("too_short", "the secret is empty");
  if (value.length > MAX_SECRET_BYTES || new TextEncoder().encode(value).length > MAX_SECRET_BYTES) {
    return failed("too_large", "the secret is longer than 64 KiB");
  }
  if (!value.isWellFormed() || value.includes(REPLACEMENT)) {
    return failed("invalid_response", "the secret is not text");
  }
  return ok(value);
}

/** A token issued by a vault, for a header of the next request to it; null: invalid. */
export function validateToken(value: Json | undefined): string | null {
  return typeof value === "string" && validateSecret(value).ok && HEADER_TOKEN.test(value) ? value : null;
}

/** Characters of a token: `fetch` throws for others and quotes the value, and a blank ends a token. */
export const HEADER_TOKEN = /^[\x21-\x7e]+$/;
