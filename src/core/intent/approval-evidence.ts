import type { Assurance } from "../identity/assurance.ts";
import type { Entry } from "../ledger/entry.ts";
import { isJsonObject, type Json } from "../base/json.ts";
import { GATE } from "./event.ts";
import { DELEGATION_ID_PREFIX, STANDING_ID_PREFIX } from "./mandate.ts";
import { evidenceIdOf, messageIdOf } from "./message-ids.ts";
import type { Ending, Instant, IntentState, RecordedVote } from "./state.ts";

/** How the decision came about, in the contract's words. */
export type EvidenceFactor =
  | "manual.dashboard.v1"
  | "link.single_use.v1"
  | "timeout.auto_approve_if_low_risk.v1";

/** The decision of a person, or of silence, as the ledger has it. */
export interface ApprovalEvidence {
  readonly id: string;
  /** Id of the message that the decision responds to. */
  readonly respondsTo: string;
  readonly decision: "APPROVE" | "REJECT";
  readonly decidedAt: Instant;
  readonly factor: EvidenceFactor;
  /** Principal of the vote that decided; `gate` for a decision by silence. */
  readonly actor: string;
  /** Null: by silence, or not recorded, as in version 0.1. */
  readonly assurance: Assurance | null;
  readonly delegation: {
    readonly principal: string;
    readonly delegate: string;
    readonly id: string;
  } | null;
  /** Persons whose votes were counted; null where one was enough. */
  readonly votedBy: readonly string[] | null;
  readonly digest: string;
  /** When the approval was first ordered; null: not yet. */
  readonly consumedAt: Instant | null;
}

type Decided = Pick<ApprovalEvidence, "decision" | "decidedAt" | "factor" | "actor" | "assurance"> &
  Partial<Pick<ApprovalEvidence, "delegation" | "votedBy" | "consumedAt">>;

/**
 * The evidence of the decision in force. Null: nobody decided, policy did, or a standing approval did.
 *
 * @param entries for an end that a state of version 0.1 does not describe; may be empty
 */
export function approvalEvidence(state: IntentState, entries: readonly Entry[]): ApprovalEvidence | null {
  const decided = rejection(state, entries) ?? approval(state);
  if (decided === null) return null;
  const { id, digest } = state.terms;
  return {
    id: evidenceIdOf(id, decided.decision, decided.decidedAt),
    respondsTo: messageIdOf(id),
    delegation: null,
    votedBy: null,
    consumedAt: null,
    ...decided,
    digest,
  };
}

function rejection(state: IntentState, entries: readonly Entry[]): Decided | null {
  if (state.phase !== "rejected" && state.phase !== "revoked") return null;
  const ending = state.ending ?? endingIn(state, entries);
  if (ending === null) return null;
  const { at, by, acting, principal, assurance, mandate } = ending;
  return {
    decision: "REJECT",
    decidedAt: at,
    factor: factorOf(assurance),
    actor: principal,
    assurance,
    delegation: by === acting ? null : delegationOf({ person: by, principal, mandate }),
  };
}

/** The approval in force: none after a person ended the intent. */
function approval(state: IntentState): Decided | null {
  const { phase, approvedAt, decidedBy, votes, terms } = state;
  if (approvedAt === null || decidedBy === null || phase === "rejected" || phase === "revoked") return null;
  const consumedAt = state.orders.find(({ issuedAt }) => issuedAt >= approvedAt)?.issuedAt ?? null;
  if (decidedBy === "timeout") {
    const factor = "timeout.auto_approve_if_low_risk.v1";
    return { decision: "APPROVE", decidedAt: approvedAt, factor, actor: GATE, assurance: null, consumedAt };
  }
  const last = votes.findLast(({ person }) => person === decidedBy);
  if (last === undefined || isStanding(last)) return null;
  return {
    decision: "APPROVE",
    decidedAt: approvedAt,
    factor: factorOf(last.assurance),
    actor: last.principal,
    assurance: last.assurance,
    delegation: last.person === last.acting ? null : delegationOf(last),
    votedBy: terms.approval.require > 1 ? [...new Set(votes.map(({ person }) => person))] : null,
    consumedAt,
  };
}

function factorOf(assurance: Assurance | null): EvidenceFactor {
  return assurance === "link" ? "link.single_use.v1" : "manual.dashboard.v1";
}

function isStanding({ mandate }: RecordedVote): boolean {
  return mandate?.startsWith(STANDING_ID_PREFIX) === true;
}

function delegationOf({
  person,
  principal,
  mandate,
}: Pick<RecordedVote, "person" | "principal" | "mandate">): ApprovalEvidence["delegation"] {
  if (mandate?.startsWith(DELEGATION_ID_PREFIX) !== true) return null;
  return { principal: person, delegate: principal, id: mandate };
}

/** The same from the ledger, in an intent of version 0.1. */
function endingIn({ phase }: IntentState, entries: readonly Entry[]): Ending | null {
  const at = entries.findLastIndex(({ event }) => event === phase);
  const entry = entries[at];
  // A reviewer's no ends an approval as an admin's revocation does, and version 0.1 recorded both alike.
  if (entry === undefined || phase === "revoked") return null;
  const person = textIn(entry, "person");
  if (person === null) return null;
  const before = entries[at - 1];
  const isByLink = before?.event === "approval_link_used" && before.actor === entry.actor;
  const assurance = isByLink ? "link" : null;
  return { at: entry.at, by: person, acting: person, principal: entry.actor, assurance, mandate: null };
}

function textIn({ body }: Entry, name: string): string | null {
  const read = JSON.parse(body) as Json;
  const value = isJsonObject(read) ? read[name] : null;
  return typeof value === "string" ? value : null;
}
