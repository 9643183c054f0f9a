import type { Decision } from "../../core/policy/decision.ts";
import { supersede } from "../../core/intent/approval.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { approvalBlocker, type VoteFailure } from "../approvals/decide-intent.ts";
import { rehearse } from "./evaluate-proposal.ts";
import { govern } from "./govern.ts";
import {
  asForwarded,
  contentDigest,
  declaredNumbers,
  editedRequest,
  editKey,
  editOrigin,
  isUnchanged,
  withOriginalName,
  type PayloadEdit,
} from "./payload-edit.ts";
import type { GovernPorts, ProposalInput } from "./proposal-input.ts";
import type { Intent } from "../../ports/intents.ts";

export interface EditResult {
  readonly predecessor: IntentState;
  /** Evaluated like any proposal: held, approved, or blocked for a reason that arose after the rehearsal. */
  readonly successor: IntentState;
  readonly decision: Decision;
  /** The successor's request. */
  readonly request: ProposalRequest;
}

/** Why the edit was not made; the intent stays pending. */
export type EditFailure =
  | VoteFailure
  | { readonly kind: "reason_required" }
  /** The policies would block the edited payload. */
  | { readonly kind: "edit_blocked"; readonly decision: Decision }
  | { readonly kind: "edit_unchanged" };

/**
 * Replaces a held intent by a successor with the edited payload, which is evaluated anew: the editor counts as its
 * proposer, and the agent executes it.
 *
 * The predecessor ends before the successor is created, so that never both can be approved. The successor's id is
 * derived from the edit: after a crash in between, the same edit by the same person creates it, and only once.
 */
export async function editIntent(
  intent: Intent,
  change: PayloadEdit,
  ports: GovernPorts,
  now: number,
): Promise<Result<EditResult, EditFailure>> {
  const record = await intent.getRecord();
  if (record === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const { voter, note, link } = change;
  if (note === null || note.trim() === "") return err({ kind: "reason_required" });
  const { state } = record;
  const digest = await contentDigest(change.payload);
  const successor = ports.intents.forKey(intent.id, editKey(change, digest));
  const command = {
    type: "supersede",
    voter,
    digest: change.digest,
    note,
    link,
    successor: successor.id,
  } as const;

  // Checked before the rehearsal, so that only eligible editors learn its verdict; the object checks it again.
  const permitted = supersede(state, command);
  if (!permitted.ok) {
    // Record the attempt: a digest mismatch means that the reviewer edited another version. The object writes the entry.
    if (permitted.error.reason === "digest_mismatch") await intent.handle(command);
    return err({ kind: "refused", refusal: permitted.error });
  }
  const isRepeat = permitted.value.length === 0;
  const existing = isRepeat ? await existingSuccessor(successor, state) : null;
  if (existing !== null) return ok(existing);
  if (record.case === null) {
    return err({
      kind: "refused",
      refusal: { reason: "wrong_phase", command: "supersede", phase: state.phase },
    });
  }
  const revised = asForwarded(
    editedRequest(record.case.request, change),
    withOriginalName(record, change.payload),
  );
  const { payload } = revised;
  if (isUnchanged(record.case.payload, state, payload, digest)) return err({ kind: "edit_unchanged" });

  const blocker = await approvalBlocker(state.terms, ports);
  if (blocker !== null) return err(blocker);
  const agent = await ports.principals.get(state.terms.agent);
  if (agent === null) return err({ kind: "proposer_inactive", status: "unknown" });
  const edited = {
    ...revised,
    key: null,
    place: successor.id,
    edited: editOrigin(state, change),
  };
  const { facts } = await rehearse(edited, agent, ports, now);
  const declared = declaredNumbers(
    edited.request,
    facts,
    (JSON.parse(record.case.decision) as Decision).facts,
  );
  const request = { ...edited, request: { ...edited.request, ...declared } };
  if (isRepeat) return createSuccessor(request, agent, state, successor, ports, now);

  const rehearsed = await rehearse(request, agent, ports, now);
  if (rehearsed.outcome === "block") return err({ kind: "edit_blocked", decision: rehearsed });
  // A policy that stopped allowing edits after the proposal applies at once.
  if (!rehearsed.edit.allow) return err({ kind: "refused", refusal: { reason: "edit_not_allowed" } });
  const ended = await intent.handle(command);
  if (!ended.ok) return err({ kind: "refused", refusal: ended.error });
  return createSuccessor(request, agent, ended.value.state, successor, ports, now);
}

async function createSuccessor(
  request: ProposalInput,
  agent: Principal,
  predecessor: IntentState,
  successor: Intent,
  ports: GovernPorts,
  now: number,
): Promise<Result<EditResult, EditFailure>> {
  const governed = await govern(request, agent, ports, now);
  switch (governed.kind) {
    case "decided":
      return ok({
        predecessor,
        successor: governed.state,
        decision: governed.decision,
        request: request.request,
      });
    case "duplicate": {
      // Of two concurrent calls with the same edit, the other one created the successor.
      const existing = await existingSuccessor(successor, predecessor);
      return existing === null ? err({ kind: "refused", refusal: { reason: "not_found" } }) : ok(existing);
    }
    case "refused":
      return err({ kind: "refused", refusal: governed.refusal });
    case "unauthenticated":
      return err({
        kind: "proposer_inactive",
        status: governed.failure.kind === "inactive" ? governed.failure.status : "unknown",
      });
  }
}

async function existingSuccessor(successor: Intent, predecessor: IntentState): Promise<EditResult | null> {
  const record = await successor.getRecord();
  if (record === null || record.case === null) return null;
  const decision = JSON.parse(record.case.decision) as Decision;
  const request = JSON.parse(record.case.request) as ProposalRequest;
  return { predecessor, successor: record.state, decision, request };
}
