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

/** Recomputes the intent digest from its parts. */
export function checkIntentDigest({ intent, disclosed }: Bundle, bodies: readonly JsonObject[]): Finding {
  const name = "intent_digest";
  const [proposed = {}] = bodies;
  const facts = disclosed === null ? null : factsOf(disclosed);
  if (disclosed === null || disclosed.payload === null || facts === null) {
    return notShown(
      name,
      "The intent digest can't be recomputed: salt, payload digest or facts are not shown.",
    );
  }
  const parts: Record<string, Json> = {
    v: 1,
    intent_id: intent,
    payload_digest: disclosed.payload.digest,
    payload_name: disclosed.payload.name,
    facts,
    salt: disclosed.salt,
  };
  for (const part of [
    "agent",
    "destination",
    "action",
    "executor",
    "policies",
    "destination_config",
    "decide_by",
  ]) {
    const value = member(proposed, part);
    if (value === undefined) return fails(name, `The proposal's entry does not name the ${part}.`);
    parts[part] = value;
  }
  if (disclosed.request !== undefined) {
    const request = readCanonical(disclosed.request);
    if (request === null) return fails(name, "The request shown is not canonical JSON.");
    parts["http"] = request;
  }
  return digestOf(parts) === member(proposed, "intent_digest")
    ? holds(name, "The intent digest on every entry is the digest of exactly these parts.")
    : fails(name, "The intent digest is not the digest of the parts shown.");
}

/** The facts of the policy decision, from the note of entry 2. */
function factsOf({ notes }: Disclosed): JsonObject | null {
  const note = notes.find(({ kind, seq }) => kind === "facts" && seq === 2);
  return note === undefined ? null : readCanonical(note.text);
}

/** Checks that the policy texts shown have the hashes that the proposal's entry names. */
export function checkPolicyTexts({ policies }: Bundle, bodies: readonly JsonObject[]): Finding {
  const name = "policy_texts";
  const listed = member(bodies[0] ?? {}, "policies");
  if (!Array.isArray(listed)) return fails(name, "The proposal's entry names no list of policies.");
  const named = new Map<string, string>();
  for (const policy of listed) {
    if (!isJsonObject(policy)) return fails(name, "The proposal's entry names a malformed policy.");
    named.set(textMember(policy, "id") ?? "", textMember(policy, "hash") ?? "");
  }
  const shown = new Set<string>();
  for (const { id, hash, text } of policies) {
    if (named.get(id) !== hash) {
      return fails(name, `A policy is shown that did not apply to this intent: ${hash.slice(0, 12)}…`);
    }
    if (sha256Hex(text) !== hash) {
      return fails(name, `A policy's text does not have its hash: ${hash.slice(0, 12)}…`);
    }
    shown.add(id);
  }
  return shown.size === named.size
    ? holds(name, `The texts of all ${named.size} applicable policies are the evaluated ones.`)
    : notShown(name, `${named.size - shown.size} of ${named.size} policy texts are not shown.`);
}
