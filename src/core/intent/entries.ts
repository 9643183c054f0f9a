import { commitment } from "../ledger/commitment.ts";
import type { Draft } from "../ledger/entry.ts";
import type { Decision } from "../policy/decision.ts";
import { canonicalJson } from "../base/json.ts";
import type { RecordedEvent, IntentEvent } from "./event.ts";
import type { IntentTerms } from "./state.ts";

/** Free text of an event. The intent's object stores it, because a note must be erasable and a ledger entry is not. */
export interface Note {
  readonly kind: "note" | "result" | "facts" | "proof";
  readonly text: string;
}

/** `policy_checked` is every intent's second entry. */
const POLICY_CHECKED_SEQ = 2;

/** A note and the sequence of its ledger entry. */
export interface NumberedNote extends Note {
  readonly seq: number;
}

const FREE_TEXT = ["note", "result", "facts", "proof"] as const;

/** Without `facts`, which the stored decision contains already. */
const STORED_NOTES = ["note", "result", "proof"] as const;

/**
 * An event's ledger entry: it names the intent digest and the policy hashes, keeps codes and numbers, and replaces free
 * text by a salted commitment.
 */
export function draftEntry(terms: IntentTerms, recorded: RecordedEvent, salt: Uint8Array): Draft {
  const { event, actor, at } = recorded;
  const body: Record<string, unknown> = {
    intent_digest: terms.digest,
    policy_hashes: terms.policies.map(({ hash }) => hash),
    ...(event.type === "proposed" ? proposedBody(event.terms, salt) : plainBody(event, salt)),
  };
  return { event: event.type, actor, at, body: canonicalJson(body) };
}

/** The note that opens the commitment to the measured facts, taken from the stored decision. */
export function factsNote(decision: Decision): NumberedNote {
  return { seq: POLICY_CHECKED_SEQ, kind: "facts", text: canonicalJson(decision.facts) };
}

/** The free text of an event that the object stores as notes. */
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
    // An attacker could brute-force the plain digest of a short payload; erasure destroys the commitment's salt.
    payload: terms.payloadDigest === null ? null : commitment(salt, terms.payloadDigest),
    keyed: terms.keyed,
    decide_by: terms.decideBy,
    // Required approvals and rejections, so that an auditor can check that the recorded votes sufficed.
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

/** For a successor: its predecessor, the editor, and whether the editor may approve it. */
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
