import { commitment } from "../ledger/commitment.ts";
import type { Draft } from "../ledger/entry.ts";
import type { Decision } from "../policy/decision.ts";
import { canonicalJson } from "../base/json.ts";
import type { RecordedEvent, IntentEvent } from "./event.ts";
import type { IntentTerms } from "./state.ts";

/** Free text that came with an event; it stays in the intent's object, under the ledger entry's number. */
export interface Note {
  readonly kind: "note" | "result" | "facts" | "proof";
  readonly text: string;
}

/** Every intent is proposed, then checked. */
const POLICY_CHECKED_SEQ = 2;

/** A note and the ledger entry it came with. */
export interface NumberedNote extends Note {
  readonly seq: number;
}

const FREE_TEXT = ["note", "result", "facts", "proof"] as const;

/** Facts are part of the stored decision; keeping them twice would only cost. */
const STORED_NOTES = ["note", "result", "proof"] as const;

/**
 * What of a fact goes on the ledger: every entry names the digest and the policy hashes it happened under,
 * codes and numbers stay, free text becomes a commitment.
 */
export function draftEntry(terms: IntentTerms, fact: RecordedEvent, salt: Uint8Array): Draft {
  const { event, actor, at } = fact;
  const body: Record<string, unknown> = {
    intent_digest: terms.digest,
    policy_hashes: terms.policies.map(({ hash }) => hash),
    ...(event.type === "proposed" ? proposedBody(event.terms, salt) : plainBody(event, salt)),
  };
  return { event: event.type, actor, at, body: canonicalJson(body) };
}

/** The note that opens the commitment to the measured facts, out of the decision they are stored with. */
export function factsNote(decision: Decision): NumberedNote {
  return { seq: POLICY_CHECKED_SEQ, kind: "facts", text: canonicalJson(decision.facts) };
}

/** The free text of an event that is kept beside it. */
export function notesOf(event: IntentEvent): readonly Note[] {
  const fields: Partial<Record<string, unknown>> = event;
  return STORED_NOTES.flatMap((kind) => {
    const text = fields[kind];
    return typeof text === "string" ? [{ kind, text }] : [];
  });
}

function proposedBody(terms: IntentTerms, salt: Uint8Array): Record<string, unknown> {
  return {
    agent: terms.agent,
    destination: terms.destination,
    action: terms.action,
    executor: terms.executor,
    policies: terms.policies,
    destination_config: terms.configHash,
    // A plain digest of a short payload could be guessed back; the salt goes when the payload is erased.
    payload: terms.payloadDigest === null ? null : commitment(salt, terms.payloadDigest),
    keyed: terms.keyed,
    decide_by: terms.decideBy,
    // How many must say yes, or no, so that whoever reads the votes can tell whether they sufficed.
    approval: {
      require: terms.approval.require,
      quorums: terms.approval.quorums.map(({ policy, require }) => ({ policy, require })),
      ...(terms.approval.rejections > 1 && { rejections: terms.approval.rejections }),
    },
    ...editedBody(terms),
    risk_score: terms.risk.score,
    risk_factors: terms.risk.factors,
  };
}

/** Of an intent that a reviewer made by changing another: which, who, and whether they may approve it themselves. */
function editedBody({ predecessor, editor, excluded }: IntentTerms): Record<string, unknown> {
  if (predecessor === null || editor === null) return {};
  const mayApprove = !excluded.includes(editor.toLowerCase());
  return { predecessor, editor, ...(mayApprove && { editor_may_approve: true }) };
}

function plainBody(event: IntentEvent, salt: Uint8Array): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    if (name === "type") continue;
    const free = FREE_TEXT.some((kind) => kind === name);
    body[snakeCase(name)] = free && typeof value === "string" ? commitment(salt, value) : value;
  }
  return body;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
