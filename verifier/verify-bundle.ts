import { MAX_BUNDLE_CHARS, parseBundle, type Bundle } from "./bundle.ts";
import { checkApprovals } from "./check-approvals.ts";
import { bodiesOf, checkBodies, checkChain, checkDecision, checkHashes, checkStates } from "./check-chain.ts";
import { checkCommitments, checkIntentDigest, checkPayload, checkPolicyTexts } from "./check-disclosed.ts";
import {
  checkConsistency,
  checkInclusion,
  checkTreeHead,
  notPinned,
  type OlderCheckpoint,
} from "./check-log.ts";
import { checkOrders } from "./check-orders.ts";
import { checkReports } from "./check-reports.ts";
import { webCryptoEd25519, type VerifyEd25519 } from "./ed25519.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { verificationKeys, type TrustedKeys } from "./keys.ts";
import { readJson } from "./read-json.ts";
import { replayStates, type StateHistory } from "./state-machine.ts";
import { openTreeHead, type Opened } from "./tree-head.ts";

export interface BundleOptions {
  /** The log's origin line; null: the origin must be the name of the signing key. */
  readonly origin?: string | null;
  /** A tree head stored earlier, to prove that the log only appended since. */
  readonly older?: OlderCheckpoint | null;
  /** Ed25519 verification; WebCrypto's by default. */
  readonly verify?: VerifyEd25519;
}

/**
 * Verifies the evidence of one intent, offline. Never throws, whatever its input.
 *
 * @param bundle JSON text, or the parsed value; repeated members can be detected in the text only
 * @param trusted null: no key is known beforehand
 * @returns one finding per claim; `verdictOf` summarizes them
 */
export async function verifyBundle(
  bundle: unknown,
  trusted: TrustedKeys | null,
  options: BundleOptions = {},
): Promise<readonly Finding[]> {
  try {
    if (typeof bundle !== "string") return await verifyValue(bundle, trusted, options);
    if (bundle.length > MAX_BUNDLE_CHARS) {
      return [fails("form", "The input is too long for a bundle (at most 511 MiB).")];
    }
    const value = readJson(bundle);
    if (value === null) return [fails("form", "The input is not JSON, or repeats a member.")];
    return await verifyValue(value, trusted, options);
  } catch {
    // Getters, proxies or a stack overflow in hostile input; the verifier reports a failure instead of throwing.
    return [fails("form", "The input can't be parsed as a bundle.")];
  }
}

async function verifyValue(
  value: unknown,
  trusted: TrustedKeys | null,
  options: BundleOptions,
): Promise<readonly Finding[]> {
  const parsed = parseBundle(value);
  if (!parsed.ok) return [fails("form", `The input is not a bundle: invalid at ${parsed.at}.`)];
  return [
    holds("form", "The input is a bundle of the format gate-evidence/v1."),
    ...(await verifyParsed(parsed.value, trusted, options)),
  ];
}

async function verifyParsed(
  bundle: Bundle,
  trusted: TrustedKeys | null,
  { origin = null, older = null, verify = webCryptoEd25519 }: BundleOptions,
): Promise<readonly Finding[]> {
  const { entries, log } = bundle;
  const bodies = bodiesOf(entries);
  const [proposed = {}] = bodies;
  const history = replayStates(entries, bodies);
  const { known, unpinned, finding } = verificationKeys(bundle, trusted);
  const opened = log === null ? null : await openTreeHead(log.checkpoint, known.log, verify);
  const signer =
    log !== null && opened?.state === "unsigned"
      ? await openTreeHead(log.checkpoint, unpinned.log, verify)
      : null;
  const head = opened === null || opened.state === "malformed" ? null : opened.head;
  return [
    finding,
    ...(opened === null
      ? [notShown("checkpoint", "There is no checkpoint yet.")]
      : signer?.state === "signed"
        ? [notPinned(unpinned.vkeys)]
        : checkTreeHead(opened, origin)),
    checkInclusion(bundle, head),
    ...(older === null ? [] : [await checkConsistency(signedHead(opened), older, known.log, verify)]),
    checkHashes(entries),
    checkChain(bundle),
    checkBodies(entries, bodies),
    ...checkStates(history),
    checkDecision(bundle, entries, bodies),
    checkApprovals(history, proposed),
    checkPolicyTexts(bundle, bodies),
    checkCommitments(bundle, bodies),
    checkPayload(bundle),
    checkIntentDigest(bundle, bodies),
    await checkOrders(bundle, history, proposed, { known: known.orders, unpinned: unpinned.orders }, verify),
    await checkReports(bundle, bodies, trusted?.reporters ?? [], verify),
    checkErasure(bundle, history),
    ...namesFinding(bundle),
    notShown(
      "later_entries",
      "No bundle can show that no entry was added to the intent after the bundle was created.",
    ),
  ];
}

const MAX_NAMES_SHOWN = 20;

/** Entries commit to ids. A name beside them helps people to read, and proves nothing. */
function namesFinding({ names = [] }: Bundle): readonly Finding[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, MAX_NAMES_SHOWN).map(({ id, name }) => `${quoted(name)} for ${quoted(id)}`);
  const more = names.length > MAX_NAMES_SHOWN ? `, and ${names.length - MAX_NAMES_SHOWN} more` : "";
  return [notShown("names", `The server's names, which no entry commits to: ${shown.join(", ")}${more}.`)];
}

function signedHead(opened: Opened | null): Extract<Opened, { state: "signed" }>["head"] | null {
  return opened?.state === "signed" ? opened.head : null;
}

/** Checks that bundle and ledger agree on the erasure, and that the bundle discloses nothing erased. */
function checkErasure({ erased, disclosed }: Bundle, { isErased }: StateHistory): Finding {
  const name = "erasure";
  if (erased !== isErased) {
    return erased
      ? fails(name, "The bundle says the payload was erased, and the ledger does not.")
      : fails(name, "The ledger says the payload was erased, and the bundle does not.");
  }
  if (!erased) return holds(name, "Nothing was erased.");
  return disclosed === null
    ? holds(name, "Payload, free text and salt were erased, as the ledger says; the rest still verifies.")
    : fails(name, "The payload was erased, and the bundle still discloses erased texts.");
}
