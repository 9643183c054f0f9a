import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { digestOf } from "../../core/base/digest.ts";
import type { Facts } from "../../core/proposal/facts.ts";
import { supersede } from "../../core/intent/approval.ts";
import type { VoteContext } from "../../core/intent/command.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { effectiveValueCents } from "../../core/policy/risk.ts";
import { approvalBlocker, type VoteFailure } from "../approvals/decide-intent.ts";
import { digestOfBytes } from "../digest-bytes.ts";
import { rehearse } from "./evaluate-proposal.ts";
import { govern } from "./govern.ts";
import type { GovernPorts, ProposalInput } from "./proposal-input.ts";
import type { IntentRecord, Intent } from "../../ports/intents.ts";

/** A reviewer's replacement for the payload that the agent proposed. */
export interface PayloadEdit extends VoteContext {
  readonly payload: Payload;
  /** Records in the new payload; null: as many as Gate measures. */
  readonly recordCount: number | null;
  /** US dollars; null: the value that the agent declared. */
  readonly estimatedValueUsd: number | null;
}

export interface EditResult {
  readonly predecessor: IntentState;
  /** Evaluated like any proposal: held, approved, or blocked for a reason that arose after the rehearsal. */
  readonly successor: IntentState;
  readonly decision: Decision;
}

/** Why the edit was not made; the intent stays pending. */
export type EditFailure =
  | VoteFailure
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
      return ok({ predecessor, successor: governed.state, decision: governed.decision });
    case "duplicate": {
      // Of two concurrent calls with the same edit, the other one created the successor.
      const existing = await existingSuccessor(successor, predecessor);
      return existing === null ? err({ kind: "refused", refusal: { reason: "not_found" } }) : ok(existing);
    }
    case "refused":
      return err({ kind: "refused", refusal: governed.refusal });
  }
}

async function existingSuccessor(successor: Intent, predecessor: IntentState): Promise<EditResult | null> {
  const record = await successor.getRecord();
  if (record === null || record.case === null) return null;
  const decision = JSON.parse(record.case.decision) as Decision;
  return { predecessor, successor: record.state, decision };
}

/** Bytes without a name get the name and media type of the agent's file, by which Gate knows how to measure them. */
function withOriginalName({ case: content }: IntentRecord, payload: Payload): Payload {
  const isBare = payload.kind === "content" && payload.name === null && payload.mediaType === null;
  if (!isBare || content?.payload.kind !== "content") return payload;
  const { name, mediaType } = content.payload;
  return { ...payload, name, mediaType };
}

/**
 * A proxied request keeps its headers, so the new body is measured as the Content-Type that the upstream receives, and
 * not as the type that the editor names (parser differential). A reference has no body to send.
 */
function asForwarded(request: ProposalRequest, payload: Payload): Pick<ProposalInput, "request" | "payload"> {
  const { http, ...bare } = request;
  if (http === undefined || payload.kind === "none") return { request, payload };
  if (payload.kind === "reference") return { request: bare, payload };
  const mediaType = http.headers.find(([name]) => name === "content-type")?.[1] ?? null;
  return { request, payload: { ...payload, name: null, mediaType } };
}

async function contentDigest(payload: Payload): Promise<string | null> {
  switch (payload.kind) {
    case "none":
      return null;
    case "content":
      return digestOfBytes(payload.bytes);
    case "reference":
      return payload.sha256;
  }
}

/**
 * Identifies the edit: the editor and the fields they sent, which no erasure of the intent removes. An agent's business
 * key never leads to the same intent, because no agent's id is an intent's.
 */
function editKey(
  { voter, payload, recordCount, estimatedValueUsd }: PayloadEdit,
  digest: string | null,
): string {
  return digestOf({
    editor: voter.person,
    kind: payload.kind,
    digest,
    name: payload.kind === "none" ? null : payload.name,
    type: payload.kind === "content" ? payload.mediaType : null,
    rows: payload.kind === "reference" ? payload.rows : null,
    recordCount,
    estimatedValueUsd,
  });
}

function isUnchanged(
  before: NonNullable<IntentRecord["case"]>["payload"],
  { terms }: IntentState,
  payload: Payload,
  digest: string | null,
): boolean {
  if (before.kind !== payload.kind || digest !== terms.payloadDigest) return false;
  return payload.kind === "none" || payload.name === before.name;
}

function editOrigin({ terms }: IntentState, { voter }: PayloadEdit): NonNullable<ProposalInput["edited"]> {
  const { id, edit, excluded } = terms;
  return { predecessor: id, editor: voter, editorMayApprove: edit.editorMayApprove, excluded };
}

/**
 * A number that Gate can't measure in the new payload is at least the old payload's: by declaring less, one reviewer
 * alone could bring a write that needs several approvals under a policy's limits.
 */
function declaredNumbers({ recordCount, estimatedValueUsd }: ProposalRequest, now: Facts, before: Facts) {
  const cents = effectiveValueCents(before);
  return {
    recordCount: now.records.measured === null ? atLeast(before.records.effective, recordCount) : recordCount,
    estimatedValueUsd:
      now.money === "measured"
        ? estimatedValueUsd
        : atLeast(cents === null ? null : cents / 100, estimatedValueUsd),
  };
}

function atLeast(before: number | null, declared: number | null): number | null {
  return before === null ? null : Math.max(before, declared ?? 0);
}

/**
 * The stored request without the parts that describe the old payload: its declared count must not vouch for the new
 * one, and a request that Gate built from a template is built again.
 */
function editedRequest(stored: string, { recordCount, estimatedValueUsd }: PayloadEdit): ProposalRequest {
  const {
    key: _,
    http,
    ...request
  } = JSON.parse(stored) as ProposalRequest & { readonly key: string | null };
  return {
    ...request,
    ...(http !== undefined && http.fromTemplate !== true && { http }),
    recordCount,
    estimatedValueUsd: estimatedValueUsd ?? request.estimatedValueUsd,
  };
}
