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

/** Without `facts` of the proposal, which its stored decision contains already. */
const STORED_NOTES = ["note", "result", "proof"] as const;

/**
 * An event's ledger entry: it names the intent digest and the policy hashes, keeps codes and numbers, and replaces free
 * text by a salted commitment.
 */
export function draftEntry(terms: IntentTerms, recorded: RecordedEvent, salt: Uint8Array): Draft {
  const { event, actor, at } = recorded;
  const body: Record<string, unknown> = {
    // Entries of an intent of version 0.1 go on without it.
    ...(terms.recordVersion !== undefined && { v: terms.recordVersion }),
    intent_digest: terms.digest,
    policy_hashes: terms.policies.map(({ hash }) => hash),
    ...bodyOf(event, salt),
  };
  return { event: event.type, actor, at, body: canonicalJson(body) };
}

/**
 * The ledger entries of a commit.
 *
 * @param terms those in force before it: an event before an evaluation under changed rules has the earlier digest
 */
export function draftEntries(
  terms: IntentTerms,
  events: readonly RecordedEvent[],
  salt: Uint8Array,
): readonly Draft[] {
  let inForce = terms;
  return events.map((recorded) => {
    if (recorded.event.type === "policy_rechecked") inForce = recorded.event.terms;
    return draftEntry(inForce, recorded, salt);
  });
}

/** The note that opens the commitment to the measured facts, taken from the stored decision. */
export function factsNote(decision: Decision): NumberedNote {
  return { seq: POLICY_CHECKED_SEQ, kind: "facts", text: canonicalJson(decision.facts) };
}

/** The free text of an event that the object stores as notes. */
export function notesOf(event: IntentEvent): readonly Note[] {
  const fields: Partial<Record<string, unknown>> = event;
  if (event.type === "policy_rechecked") return [{ kind: "facts", text: event.facts }];
  return STORED_NOTES.flatMap((kind) => {
    const text = fields[kind];
    return typeof text === "string" ? [{ kind, text }] : [];
  });
}

function bodyOf(event: IntentEvent, salt: Uint8Array): Record<string, unknown> {
  switch (event.type) {
    case "proposed":
      return proposedBody(event.terms, salt);
    case "policy_rechecked": {
      const { terms, ...verdict } = event;
      return { ...plainBody(verdict, salt), ...evaluatedBody(terms) };
    }
    default:
      return plainBody(event, salt);
  }
}

function proposedBody(terms: IntentTerms, salt: Uint8Array): Record<string, unknown> {
  return {
    agent: terms.agent,
    destination: terms.destination,
    action: terms.action,
    // An attacker could brute-force the plain digest of a short payload; erasure destroys the commitment's salt.
    payload: terms.payloadDigest === null ? null : commitment(salt, terms.payloadDigest),
    keyed: terms.keyed,
    ...editedBody(terms),
    ...evaluatedBody(terms),
  };
}

/** What the rules make of an intent. */
function evaluatedBody(terms: IntentTerms): Record<string, unknown> {
  return {
    executor: terms.executor,
    policies: terms.policies,
    destination_config: terms.configHash,
    decide_by: terms.decideBy,
    // Required approvals and rejections, so that an auditor can check that the recorded votes sufficed.
    approval: {
      require: terms.approval.require,
      quorums: terms.approval.quorums.map(({ policy, require }) => ({ policy, require })),
      ...(terms.approval.rejections > 1 && { rejections: terms.approval.rejections }),
      // The policies' own least assurance is in their texts, whose hashes are named; the proposal's is nowhere else.
      ...(terms.approval.demandedAssurance !== undefined && {
        demanded_assurance: terms.approval.demandedAssurance,
      }),
    },
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

function plainBody(event: object, salt: Uint8Array): Record<string, unknown> {
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
