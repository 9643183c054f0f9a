import type { JsonObject } from "../src/core/base/json.ts";
import type { Bundle } from "./bundle.ts";
import { fromBase64Url } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { readJws } from "./jws.ts";
import { member, textMember } from "./read-json.ts";

/** The outcome in a runner's report, by the event that records it. */
const OUTCOMES: Readonly<Record<string, string>> = {
  execution_succeeded: "succeeded",
  execution_failed: "failed",
  execution_indeterminate: "indeterminate",
};

/**
 * Checks that signed reports agree with the ledger, and that known runners signed them.
 *
 * @param reporters Ed25519 public keys of runners, base64url, obtained beforehand
 */
export async function checkReports(
  { entries, disclosed }: Bundle,
  bodies: readonly JsonObject[],
  reporters: readonly string[],
  verify: VerifyEd25519,
): Promise<Finding> {
  const name = "reports";
  const signed = bodies.filter((body) => textMember(body, "proof") !== null).length;
  if (signed === 0) return notShown(name, "No report is signed by a runner.");
  const shown = disclosed?.notes.filter(({ kind }) => kind === "proof") ?? [];
  let verified = 0;
  for (const { seq, text } of shown) {
    const [entry, body] = [entries[seq - 1], bodies[seq - 1]];
    const jws = readJws(text, "gate-report+jwt");
    if (jws === null || entry === undefined || body === undefined) {
      return fails(name, `The proof shown for entry ${seq} is not a signed report.`);
    }
    const { claims, message, signature } = jws;
    const isSame =
      member(claims, "order") === member(body, "order") &&
      member(claims, "intent_digest") === member(body, "intent_digest") &&
      member(claims, "outcome") === OUTCOMES[entry.event];
    if (!isSame) return fails(name, `The signed report of entry ${seq} contradicts the entry.`);
    verified += Number(await isSignedByOneOf(reporters, message, signature, verify));
  }
  return verified === signed
    ? holds(name, `All ${signed} signed reports are by known runners and agree with the ledger.`)
    : notShown(
        name,
        `${signed - verified} of ${signed} signed reports are not shown, or not signed by a known key.`,
      );
}

async function isSignedByOneOf(
  reporters: readonly string[],
  message: Uint8Array,
  signature: Uint8Array,
  verify: VerifyEd25519,
): Promise<boolean> {
  for (const reporter of reporters) {
    const publicKey = fromBase64Url(reporter);
    if (publicKey !== null && (await verify(publicKey, message, signature)) === true) return true;
  }
  return false;
}
