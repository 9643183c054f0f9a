import { digestOf, hmacHex, sha256Hex } from "../src/core/base/digest.ts";
import { isJsonObject, type Json, type JsonObject } from "../src/core/base/json.ts";
import type { Bundle, Disclosed } from "./bundle.ts";
import { fromBase64, fromHex } from "./bytes.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { member, readCanonical, textMember } from "./read-json.ts";

const KINDS = ["note", "result", "facts", "proof"] as const;

/** A commitment opens to a text if it is the text's HMAC under the intent's salt. */
function opens(salt: string, text: string, committed: Json | undefined): boolean {
  return hmacHex(fromHex(salt), text) === committed;
}

/** Checks that every disclosed text opens its commitment; counts the commitments that stay closed. */
export function checkCommitments({ disclosed }: Bundle, bodies: readonly JsonObject[]): Finding {
  const name = "commitments";
  const closed = closedCommitments(bodies);
  const all = closed.size;
  if (disclosed === null) {
    return notShown(name, `The salt is not shown, so the ${all} commitments on the ledger stay closed.`);
  }
  const { salt, payload, notes } = disclosed;
  for (const { seq, kind, text } of notes) {
    const body = bodies[seq - 1];
    if (body === undefined || !opens(salt, text, member(body, kind))) {
      return fails(name, `The ${kind} shown for entry ${seq} is not what the entry commits to.`);
    }
    closed.delete(`${seq} ${kind}`);
  }
  if (payload !== null) {
    const committed = member(bodies[0] ?? {}, "payload");
    if (payload.digest === null ? committed !== null : !opens(salt, payload.digest, committed)) {
      return fails(name, "The payload's digest is not what the proposal commits to.");
    }
    closed.delete("1 payload");
  }
  return closed.size === 0
    ? holds(name, `All ${all} commitments open to the texts shown.`)
    : notShown(
        name,
        `The texts shown open their commitments; ${closed.size} of ${all} commitments stay closed.`,
      );
}

function closedCommitments(bodies: readonly JsonObject[]): Set<string> {
  const closed = new Set<string>();
  bodies.forEach((body, at) => {
    for (const kind of KINDS) if (textMember(body, kind) !== null) closed.add(`${at + 1} ${kind}`);
  });
  if (textMember(bodies[0] ?? {}, "payload") !== null) closed.add("1 payload");
  return closed;
}

/** Checks that the payload's bytes have the committed digest. */
export function checkPayload({ disclosed }: Bundle): Finding {
  const name = "payload";
  const shown = disclosed?.payload;
  if (!shown) return notShown(name, "The payload is not shown.");
  const { digest, base64 } = shown;
  if (base64 === null) {
    return digest === null
      ? holds(name, "The intent had no payload that Gate could digest.")
      : notShown(name, "Only the payload's digest is shown.");
  }
  const bytes = fromBase64(base64);
  if (bytes === null) return fails(name, "The payload shown is not base64.");
  return sha256Hex(bytes) === digest
    ? holds(name, `The payload shown (${bytes.length} bytes) is the one that was evaluated.`)
    : fails(name, "The payload shown is not the one that was evaluated.");
}

/** Recomputes the intent digest of every evaluation from its parts. */
export function checkIntentDigest(bundle: Bundle, bodies: readonly JsonObject[]): Finding {
  const name = "intent_digest";
  const [proposed = {}] = bodies;
  const { disclosed } = bundle;
  const stated = member(proposed, "v");
  const version = stated === undefined ? 1 : stated;
  if (version !== 1 && version !== 2) {
    return notShown(name, "This verifier does not know this version of the intent digest.");
  }
  for (const { evaluated, factsSeq } of evaluations(bundle, bodies)) {
    const facts = disclosed === null ? null : factsOf(disclosed, factsSeq);
    if (disclosed === null || disclosed.payload === null || facts === null) {
      return notShown(
        name,
        "The intent digest can't be recomputed: salt, payload digest or facts are not shown.",
      );
    }
    const parts: Record<string, Json> = {
      v: version,
      intent_id: bundle.intent,
      payload_digest: disclosed.payload.digest,
      payload_name: disclosed.payload.name,
      facts,
      salt: disclosed.salt,
    };
    for (const [body, names] of [
      [proposed, ["agent", "destination", "action"]],
      [evaluated, ["executor", "policies", "destination_config", "decide_by"]],
    ] as const) {
      for (const part of names) {
        const value = member(body, part);
        if (value === undefined) return fails(name, `The entry of an evaluation does not name the ${part}.`);
        parts[part] = value;
      }
    }
    if (disclosed.request !== undefined) {
      const request = readCanonical(disclosed.request);
      if (request === null) return fails(name, "The request shown is not canonical JSON.");
      parts["http"] = request;
    }
    if (digestOf(parts) !== member(evaluated, "intent_digest")) {
      return fails(name, "The intent digest is not the digest of the parts shown.");
    }
  }
  return holds(name, "The intent digest on every entry is the digest of exactly these parts.");
}

/** The proposal and every evaluation under changed rules, with the entry whose note has the facts. */
function evaluations({ entries }: Bundle, bodies: readonly JsonObject[]) {
  const rechecked = entries.flatMap(({ event, seq }, at) =>
    event === "policy_rechecked" ? [{ evaluated: bodies[at] ?? {}, factsSeq: seq }] : [],
  );
  return [{ evaluated: bodies[0] ?? {}, factsSeq: 2 }, ...rechecked];
}

/** The measured facts, from the note of the entry that has them. */
function factsOf({ notes }: Disclosed, of: number): JsonObject | null {
  const note = notes.find(({ kind, seq }) => kind === "facts" && seq === of);
  return note === undefined ? null : readCanonical(note.text);
}

/** Checks that the policy texts shown have the hashes that the entries of the evaluations name. */
export function checkPolicyTexts(bundle: Bundle, bodies: readonly JsonObject[]): Finding {
  const name = "policy_texts";
  const named = new Set<string>();
  for (const { evaluated } of evaluations(bundle, bodies)) {
    const listed = member(evaluated, "policies");
    if (!Array.isArray(listed)) return fails(name, "The entry of an evaluation names no list of policies.");
    for (const policy of listed) {
      if (!isJsonObject(policy)) return fails(name, "The entry of an evaluation names a malformed policy.");
      const hash = textMember(policy, "hash") ?? "";
      // A policy that was missing or broken at the time has no text.
      if (hash !== "") named.add(`${textMember(policy, "id") ?? ""} ${hash}`);
    }
  }
  const shown = new Set<string>();
  for (const { id, hash, text } of bundle.policies) {
    if (!named.has(`${id} ${hash}`)) {
      return fails(name, `A policy is shown that did not apply to this intent: ${hash.slice(0, 12)}…`);
    }
    if (sha256Hex(text) !== hash) {
      return fails(name, `A policy's text does not have its hash: ${hash.slice(0, 12)}…`);
    }
    shown.add(`${id} ${hash}`);
  }
  return shown.size === named.size
    ? holds(name, `The texts of all ${named.size} applicable policies are the evaluated ones.`)
    : notShown(name, `${named.size - shown.size} of ${named.size} policy texts are not shown.`);
}
