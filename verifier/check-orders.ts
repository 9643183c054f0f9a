import { hmacHex } from "../src/core/base/digest.ts";
import type { JsonObject } from "../src/core/base/json.ts";
import type { Bundle, Jwk, Order } from "./bundle.ts";
import { fromBase64Url, fromHex } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { readJws } from "./jws.ts";
import { member, numberMember, textMember } from "./read-json.ts";
import type { IssuedOrder, StateHistory } from "./state-machine.ts";

/** The longest validity of an order: 15 minutes. */
const MAX_ORDER_SECONDS = 15 * 60;

/** Claims of an order, and the members of the proposal's entry that they must equal. */
const BOUND = [
  ["destination", "destination"],
  ["aud", "destination"],
  ["action", "action"],
  ["sub", "agent"],
] as const;

/**
 * Checks that Gate signed every order on the ledger for this intent digest and destination, with its fencing number.
 *
 * @param keys public keys trusted to sign orders, and those that only the bundle names
 */
export async function checkOrders(
  bundle: Bundle,
  history: StateHistory,
  proposed: JsonObject,
  keys: { readonly known: readonly Jwk[]; readonly unpinned: readonly Jwk[] },
  verify: VerifyEd25519,
): Promise<Finding> {
  const name = "orders";
  const signed = new Set<string>();
  for (const order of bundle.orders) {
    const issued = history.orders.find(({ id }) => id === order.order);
    if (issued === undefined) return fails(name, `The order ${quoted(order.order)} is not on the ledger.`);
    const problem = await problemOf(order, issued, bundle, proposed, keys.known, verify);
    if (
      problem === UNKNOWN_KEY &&
      (await problemOf(order, issued, bundle, proposed, keys.unpinned, verify)) === null
    ) {
      return notShown(name, `The order ${quoted(order.order)} is signed by a key that is not pinned.`);
    }
    if (problem === "unchecked") return notShown(name, "This runtime can't check Ed25519 signatures.");
    if (problem !== null) return fails(name, `The order ${quoted(order.order)} ${problem}.`);
    signed.add(order.order);
  }
  if (history.orders.length === 0) return notShown(name, "No order was issued.");
  return signed.size === history.orders.length
    ? holds(name, `All ${signed.size} orders are signed for exactly this intent.`)
    : notShown(
        name,
        `${history.orders.length - signed.size} of ${history.orders.length} orders are not shown.`,
      );
}

const UNKNOWN_KEY = "is signed by an unknown key";

async function problemOf(
  { jws }: Order,
  issued: IssuedOrder,
  { intent, disclosed }: Bundle,
  proposed: JsonObject,
  keys: readonly Jwk[],
  verify: VerifyEd25519,
): Promise<string | null> {
  const read = readJws(jws, "gate-order+jwt");
  if (read === null) return "is not a signed order";
  const { header, claims: payload, message, signature } = read;
  const kid = textMember(header, "kid");
  const key = keys.find((known) => known.kid === kid);
  const publicKey = key === undefined ? null : fromBase64Url(key.x);
  if (publicKey === null) return UNKNOWN_KEY;
  const isSigned = await verify(publicKey, message, signature);
  if (isSigned === null) return "unchecked";
  if (!isSigned) return "has a forged signature";
  if (textMember(payload, "jti") !== issued.id) return "was signed for another order";
  if (numberMember(payload, "fence") !== issued.fence) return "has another fencing number";
  if (textMember(payload, "intent_digest") !== issued.digest) return "was signed for another intent_digest";
  for (const [claim, of] of BOUND) {
    if (member(payload, claim) !== member(proposed, of)) return `was signed for another ${claim}`;
  }
  if (member(payload, "intent_id") !== intent) return "was signed for another intent_id";
  if (!hasValidPeriod(payload, issued)) return "has another validity period than the ledger says";
  const digest = textMember(payload, "payload_digest");
  if (disclosed !== null && digest !== null) {
    const committed = hmacHex(fromHex(disclosed.salt), digest);
    if (committed !== member(proposed, "payload")) return "was signed for another payload";
  }
  return null;
}

function hasValidPeriod(payload: JsonObject, { expiresAt }: IssuedOrder): boolean {
  const from = numberMember(payload, "iat");
  const until = numberMember(payload, "exp");
  if (from === null || until === null) return false;
  return until > from && until - from <= MAX_ORDER_SECONDS && until === Math.floor(expiresAt / 1000);
}
