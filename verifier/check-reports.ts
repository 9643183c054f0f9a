import type { JsonObject } from "../src/core/base/json.ts";
import type { Bundle } from "./bundle.ts";
import { fromBase64Url } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { readJws } from "./jws.ts";
import { member, textMember } from "./read-json.ts";

/** What an entry says happened, in the words of a worker's report. */
const OUTCOMES: Readonly<Record<string, string>> = {
  execution_succeeded: "succeeded",
  execution_failed: "failed",
  execution_indeterminate: "indeterminate",
};

/**
 * What workers signed of their reports says what the ledger says, and is signed by a worker that is known.
 *
 * @param reporters Ed25519 public keys of workers, base64url, got beforehand
 */
export async function checkReports(
  { entries, disclosed }: Bundle,
  bodies: readonly JsonObject[],
  reporters: readonly string[],
  verify: VerifyEd25519,
): Promise<Finding> {
  const name = "reports";
  const signed = bodies.filter((body) => textMember(body, "proof") !== null).length;
  if (signed === 0) return notShown(name, "No report is signed by a worker.");
  const shown = disclosed?.notes.filter(({ kind }) => kind === "proof") ?? [];
  let verified = 0;
  for (const { seq, text } of shown) {
    const [entry, body] = [entries[seq - 1], bodies[seq - 1]];
    const jws = readJws(text, "gate-report+jwt");
    if (jws === null || entry === undefined || body === undefined) {
      return fails(name, `What is shown for entry ${seq} is no signed report.`);
    }
    const { claims, message, signature } = jws;
    const isSame =
      member(claims, "order") === member(body, "order") &&
      member(claims, "intent_digest") === member(body, "intent_digest") &&
      member(claims, "outcome") === OUTCOMES[entry.event];
    if (!isSame) return fails(name, `The report signed for entry ${seq} says something else than the entry.`);
    verified += Number(await isByOneOf(reporters, message, signature, verify));
  }
  return verified === signed
    ? holds(
        name,
        `All ${signed} signed reports are by workers whose keys are known, and say what the ledger says.`,
      )
    : notShown(
        name,
        `${signed - verified} of ${signed} signed reports are not shown, or not by a key in hand.`,
      );
}

async function isByOneOf(
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
