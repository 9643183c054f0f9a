import { MAX_BUNDLE_CHARS, parseBundle, type Bundle } from "./bundle.ts";
import { checkApprovals } from "./check-approvals.ts";
import { bodiesOf, checkBodies, checkChain, checkDecision, checkHashes, checkStates } from "./check-chain.ts";
import { checkCommitments, checkIntentDigest, checkPayload, checkPolicyTexts } from "./check-disclosed.ts";
import { checkConsistency, checkInclusion, checkTreeHead, type Older } from "./check-log.ts";
import { checkOrders } from "./check-orders.ts";
import { checkReports } from "./check-reports.ts";
import { webCryptoEd25519, type VerifyEd25519 } from "./ed25519.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { keysInHand, type TrustedKeys } from "./keys.ts";
import { readJson } from "./read-json.ts";
import { replayStates, type StateHistory } from "./state-machine.ts";
import { openTreeHead, type Opened } from "./tree-head.ts";

export interface BundleOptions {
  /** The log's origin line; without it the origin must be the name of the key that signed. */
  readonly origin?: string | null;
  /** A tree head kept from before: shows that the log only grew since. */
  readonly older?: Older | null;
  /** Ed25519; WebCrypto's where none is given. */
  readonly verify?: VerifyEd25519;
}

/**
 * Checks the evidence of one intent, offline. Never throws, whatever it is handed.
 *
 * @param bundle its JSON text, or what `JSON.parse` made of it. Only the text shows members that are repeated
 * @param trusted null: no key is known beforehand
 * @returns one finding per claim; `verdictOf` sums them up
 */
export async function verifyBundle(
  bundle: unknown,
  trusted: TrustedKeys | null,
  options: BundleOptions = {},
): Promise<readonly Finding[]> {
  try {
    if (typeof bundle !== "string") return await verifyValue(bundle, trusted, options);
    if (bundle.length > MAX_BUNDLE_CHARS) return [fails("form", "This is too long to be a bundle.")];
    const value = readJson(bundle);
    if (value === null) return [fails("form", "This is not JSON, or names a member twice.")];
    return await verifyValue(value, trusted, options);
  } catch {
    // Getters, proxies, exhausted stacks: whatever makes a verifier fail is not evidence.
    return [fails("form", "This can't be read as a bundle.")];
  }
}

async function verifyValue(
  value: unknown,
  trusted: TrustedKeys | null,
  options: BundleOptions,
): Promise<readonly Finding[]> {
  const parsed = parseBundle(value);
  if (!parsed.ok) return [fails("form", `This is not a bundle: something is wrong at ${parsed.at}.`)];
  return [
    holds("form", "This is a bundle of the format gate-evidence/v1."),
    ...(await verifyParsed(parsed.value, trusted, options)),
  ];
}

async function verifyParsed(
  bundle: Bundle,
  trusted: TrustedKeys | null,
  { origin = null, older = null, verify = webCryptoEd25519 }: BundleOptions,
): Promise<readonly Finding[]> {
  const { entries, log, decision } = bundle;
  const bodies = bodiesOf(entries);
  const [proposed = {}] = bodies;
  const story = replayStates(entries, bodies);
  const { inHand, finding } = keysInHand(bundle, trusted);
  const opened = log === null ? null : await openTreeHead(log.checkpoint, inHand.log, verify);
  const head = opened === null || opened.state === "malformed" ? null : opened.head;
  return [
    finding,
    ...(opened === null
      ? [notShown("checkpoint", "There is no checkpoint yet.")]
      : checkTreeHead(opened, origin)),
    checkInclusion(bundle, head),
    ...(older === null ? [] : [await checkConsistency(signedHead(opened), older, inHand.log, verify)]),
    checkHashes(entries),
    checkChain(bundle),
    checkBodies(entries, bodies),
    ...checkStates(story),
    checkDecision(bundle, entries, bodies),
    checkApprovals(story, proposed, decision.outcome),
    checkPolicyTexts(bundle, bodies),
    checkCommitments(bundle, bodies),
    checkPayload(bundle),
    checkIntentDigest(bundle, bodies),
    await checkOrders(bundle, story, proposed, inHand.orders, verify),
    await checkReports(bundle, bodies, trusted?.reporters ?? [], verify),
    checkErasure(bundle, story),
    notShown("later_entries", "No bundle can show that nothing was added to this intent after it was made."),
  ];
}

function signedHead(opened: Opened | null): Extract<Opened, { state: "signed" }>["head"] | null {
  return opened?.state === "signed" ? opened.head : null;
}

/** "Erased" is on the ledger, and nothing that should be gone is here. */
function checkErasure({ erased, disclosed }: Bundle, { isErased }: StateHistory): Finding {
  const name = "erasure";
  if (erased !== isErased) {
    return erased
      ? fails(name, "The bundle says the payload was erased, and the ledger does not.")
      : fails(name, "The ledger says the payload was erased, and the bundle does not.");
  }
  if (!erased) return holds(name, "Nothing was erased.");
  return disclosed === null
    ? holds(name, "Payload, free text and salt were erased, as the ledger says; what is left still verifies.")
    : fails(name, "The payload was erased, and the bundle still shows what should be gone.");
}
