import type { Json } from "../../core/base/json.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { failed } from "./failure.ts";

/** What Secrets Store and AWS hold at most, and more than any server takes in a header. */
const MAX_SECRET_BYTES = 64 * 1024;

/** Anything shorter turns up by chance in what an upstream answers: masking it would mangle the answer. */
const MIN_SECRET_CHARS = 8;

/** Ends a header's line, so that what follows is a header of the secret's own (or its end, to a reader in C). */
const BREAKS_HEADERS = /[\r\n\0]/;

/** What stands where bytes were no text: the secret is not what it was. */
const REPLACEMENT = "\ufffd";

/** Can this be injected as it is, and masked wherever it comes back? It is not trimmed: that would be another secret. */
export function validateSecret(value: string): Result<string, VaultFailure> {
  if (value === "") return failed("too_short", "the secret is empty");
  if (value.length > MAX_SECRET_BYTES || new TextEncoder().encode(value).length > MAX_SECRET_BYTES) {
    return failed("too_large", "the secret is longer than 64 KiB");
  }
  if (BREAKS_HEADERS.test(value)) {
    return failed(
      "invalid_response",
      "the secret holds a line break or NUL (at its end, perhaps), which would end a header",
    );
  }
  if (!value.isWellFormed() || value.includes(REPLACEMENT)) {
    return failed("invalid_response", "the secret is not text");
  }
  if (value.length < MIN_SECRET_CHARS) {
    return failed(
      "too_short",
      `the secret has fewer than ${MIN_SECRET_CHARS} characters and could not be masked`,
    );
  }
  return ok(value);
}

/** A token that a vault gave out, to be sent back to it in a header; null: it can't be one. */
export function validateToken(value: Json | undefined): string | null {
  return typeof value === "string" && validateSecret(value).ok && HEADER_TOKEN.test(value) ? value : null;
}

/** What goes into a header without an error that would quote it, and without blanks, which end a token. */
export const HEADER_TOKEN = /^[\x21-\x7e]+$/;
