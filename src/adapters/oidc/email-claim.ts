import type { EmailTrust } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { EmailProblem } from "../../ports/identity.ts";

/** RFC 5321 section 4.5.3.1. */
const MAX_EMAIL_CHARACTERS = 254;

/**
 * Printable ASCII, as in the registry: some other letters have an ASCII lower case (the Kelvin sign's is `k`), so an
 * attacker's address could fold to another person's.
 */
const EMAIL = /^[!-?A-~]+@[!-?A-~]+$/;

/** The address that these claims state, of an ID token or from the userinfo endpoint, in lower case. */
export function emailIn(
  { email, email_verified: verified }: Readonly<Record<string, unknown>>,
  trust: EmailTrust,
): Result<string, EmailProblem> {
  if (email === undefined || email === null || email === "") return err("email_missing");
  if (typeof email !== "string" || email.length > MAX_EMAIL_CHARACTERS || !EMAIL.test(email)) {
    return err("email_invalid");
  }
  return trust === "vouched" || isVerified(verified, trust)
    ? ok(email.toLowerCase())
    : err("email_unverified");
}

/** Exactly true. A trusted issuer may leave it out, or write it as a text; one that says no is believed in any case. */
function isVerified(verified: unknown, trust: EmailTrust): boolean {
  if (verified === true) return true;
  return trust === "trusted" && (verified === undefined || verified === "true");
}
