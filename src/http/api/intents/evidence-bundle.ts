import { bytesToHex } from "@noble/hashes/utils.js";
import { canonicalJson } from "../../../core/base/json.ts";
import { ORDER_TYPE, orderClaims } from "../../../core/intent/order-jwt.ts";
import { isLive } from "../../../core/intent/state.ts";
import { writeForDigest } from "../../../core/outbound/http-write.ts";
import { idsIn } from "../../../core/intent/named-ids.ts";
import type { Principal } from "../../../core/identity/principal.ts";
import { mayReadPolicies } from "../../../app/authority.ts";
import { namesOf } from "../../../app/identity/names.ts";
import type { Ports } from "../../../ports/ports.ts";
import { storedContent } from "../shared/stored-record.ts";
import type { PolicyRef } from "../../../core/policy/decision.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { PublicKey } from "../../../ports/signer.ts";
import type { Answer } from "../shared/answer.ts";
import type { EVIDENCE } from "./evidence-schema.ts";

/** The format that `verifier/bundle.ts` reads; its comment describes each member. */
const FORMAT = "gate-evidence/v1";

/**
 * An evidence bundle: one file with everything needed to verify one intent offline with Gate's public key.
 *
 * Programs get no policy texts, which would tell them what passes unseen: the entries name each policy's id and hash.
 *
 * @param shown `payload` stands for the payload's base64; null where the reader may not see it or there is none.
 *   `disclose` is false for readers who may not see the payload: with the salt they could confirm a guess of it
 */
export async function evidenceOf(
  record: IntentRecord,
  reader: Principal,
  { payload, disclose }: { readonly payload: string | null; readonly disclose: boolean },
  ports: Ports,
): Promise<Answer<typeof EVIDENCE>> {
  const { state } = record;
  const { terms } = state;
  const proofs = await ports.log.proofsFor(terms.id);
  const { vkeys } = await ports.log.keys();
  // The object's own entries, so that a row taken out of D1 shows as an entry that is not in the log.
  const entries = record.entries.map(({ mac: _, ...entry }) => entry);
  const hashes = new Map(entries.map(({ seq, hash }) => [seq, hash]));
  const inclusion = proofs.entries.flatMap(({ entry, index, proof }) =>
    proof === null || hashes.get(entry.seq) !== entry.hash
      ? []
      : [{ seq: entry.seq, index, proof: proof.map(base64) }],
  );
  return {
    format: FORMAT,
    intent: terms.id,
    erased: state.erasedAt !== null,
    entries,
    log: proofs.checkpoint === null ? null : { checkpoint: proofs.checkpoint.note, inclusion },
    keys: { vkeys, jwks: { keys: (await ports.signer.publicKeys()).map(strictJwk) } },
    policies: mayReadPolicies(reader) ? await policyTexts(record, ports) : [],
    decision: decisionOnProposal(record),
    disclosed: state.erasedAt === null && disclose ? disclosedOf(record, payload) : null,
    // An order names the payload's digest, from which a short payload could be guessed.
    orders: disclose ? await signedOrders(record, ports) : [],
    names: await bundledNames(record, reader, ports),
  };
}

/** Beside the chain, which commits to ids only. */
async function bundledNames({ state, entries }: IntentRecord, reader: Principal, ports: Ports) {
  const names = await namesOf(idsIn(state, entries), reader, ports);
  return Object.entries(names).map(([id, name]) => ({ id, name }));
}

/** As the second entry says: changed rules may have made another of it since. */
function decisionOnProposal({ entries, state: { terms } }: IntentRecord) {
  const checked = entries.find(({ event }) => event === "policy_checked");
  const { outcome = terms.outcome, reason_code = terms.reasonCode } = JSON.parse(checked?.body ?? "{}") as {
    readonly outcome?: string;
    readonly reason_code?: string;
  };
  return { outcome, reason_code };
}

function disclosedOf(record: IntentRecord, payload: string | null) {
  const { state, salt, notes, case: content } = record;
  const { payloadDigest } = state.terms;
  const http = storedContent(record).request?.http;
  return {
    salt: bytesToHex(salt),
    payload: {
      digest: payloadDigest,
      name: content?.payload.name ?? null,
      base64: payload,
    },
    ...(http !== undefined && { request: canonicalJson(writeForDigest(http)) }),
    notes: notes.map(({ seq, kind: about, text }) => ({ seq, kind: about, text })),
  };
}

async function policyTexts(record: IntentRecord, { rules }: Ports) {
  const texts = await Promise.all(
    evaluatedPolicies(record).map(async ({ id, hash }) => {
      const found = await rules.text(hash);
      return found === null ? [] : [{ id, hash, text: found.text }];
    }),
  );
  return texts.flat();
}

/** Of the proposal and of every evaluation since. */
function evaluatedPolicies({ entries }: IntentRecord): readonly PolicyRef[] {
  const named = new Map<string, PolicyRef>();
  for (const { event, body } of entries) {
    if (event !== "proposed" && event !== "policy_rechecked") continue;
    const { policies } = JSON.parse(body) as { readonly policies: readonly PolicyRef[] };
    for (const policy of policies) named.set(`${policy.id} ${policy.hash}`, policy);
  }
  return [...named.values()];
}

/** A live order is for its holder only: a worker that verifies offline would act on any copy of it. */
async function signedOrders({ state }: IntentRecord, { signer, settings }: Ports) {
  const past = state.orders.filter((order) => !isLive(state, order));
  return Promise.all(
    past.map(async (order) => {
      const claims = orderClaims(settings.origin, state.terms, order, null);
      return { order: order.id, jws: await signer.signJws(ORDER_TYPE, claims) };
    }),
  );
}

function strictJwk({ kty, crv, x, kid }: PublicKey) {
  return { kty, crv, x, kid, alg: "EdDSA", use: "sig" } as const;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
