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
import { digestOfBytes, govern, rehearse, type GovernPorts, type ProposalInput } from "./govern.ts";
import type { IntentRecord, Intent } from "../../ports/intents.ts";

/** What a reviewer wants written instead of what the agent proposed. */
export interface PayloadEdit extends VoteContext {
  readonly payload: Payload;
  /** Of the new payload; null: as many as are measured. */
  readonly recordCount: number | null;
  /** US dollars; null: what the agent declared stays. */
  readonly estimatedValueUsd: number | null;
}

export interface EditResult {
  readonly predecessor: IntentState;
  /** Decided by policy like any proposal: held, approved, or blocked by what came up meanwhile. */
  readonly successor: IntentState;
  readonly decision: Decision;
}

/** Why nothing was changed. The intent waits as before. */
export type EditFailure =
  | VoteFailure
  /** Policy would block what it was changed to. */
  | { readonly kind: "edit_blocked"; readonly decision: Decision }
  | { readonly kind: "edit_unchanged" };

/**
 * A reviewer changes the payload of a waiting intent. Another intent takes its place and is decided anew, with the
 * agent that carries it out and the editor who proposed it.
 *
 * The first ends before the second begins, so that never both can be approved. The second's id follows from the
 * change: after a crash in between, the same change by the same person makes it, and any number of them make one.
 */
export async function editIntent(
  intent: Intent,
  change: PayloadEdit,
  ports: GovernPorts,
  now: number,
): Promise<Result<EditResult, EditFailure>> {
  const dossier = await intent.getRecord();
  if (dossier === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const { voter, note, link } = change;
  if (note === null || note.trim() === "") return err({ kind: "reason_required" });
  const { state } = dossier;
  const digest = await contentDigest(change.payload);
  const successor = ports.intents.forKey(intent.id, keyOf(change, digest));
  const command = {
    type: "supersede",
    voter,
    digest: change.digest,
    note,
    link,
    successor: successor.id,
  } as const;

  // Judged here first, so that only who may edit learns what policy says; the object judges it again.
  const judged = supersede(state, command);
  if (!judged.ok) {
    // What was tried on another case than this is for the ledger, which the object writes.
    if (judged.error.reason === "digest_mismatch") await intent.handle(command);
    return err({ kind: "refused", refusal: judged.error });
  }
  const isRepeat = judged.value.length === 0;
  const before = isRepeat ? await madeBefore(successor, state) : null;
  if (before !== null) return ok(before);
  if (dossier.case === null) {
    return err({
      kind: "refused",
      refusal: { reason: "wrong_phase", command: "supersede", phase: state.phase },
    });
  }
  const made = asSent(editedRequest(dossier.case.request, change), namedAs(dossier, change.payload));
  const { payload } = made;
  if (isSame(dossier.case.payload, state, payload, digest)) return err({ kind: "edit_unchanged" });

  const obstacle = await approvalBlocker(state.terms, ports);
  if (obstacle !== null) return err(obstacle);
  const agent = await ports.principals.get(state.terms.agent);
  if (agent === null) return err({ kind: "proposer_inactive", standing: "unknown" });
  const edited = {
    ...made,
    key: null,
    place: successor.id,
    edited: editedFrom(state, change),
  };
  const { facts } = await rehearse(edited, agent, ports, now);
  const declared = declaredOf(edited.request, facts, (JSON.parse(dossier.case.decision) as Decision).facts);
  const request = { ...edited, request: { ...edited.request, ...declared } };
  if (isRepeat) return succeed(request, agent, state, successor, ports, now);

  const rehearsed = await rehearse(request, agent, ports, now);
  if (rehearsed.outcome === "block") return err({ kind: "edit_blocked", decision: rehearsed });
  // A policy that stopped allowing it since is obeyed at once.
  if (!rehearsed.edit.allow) return err({ kind: "refused", refusal: { reason: "edit_not_allowed" } });
  const ended = await intent.handle(command);
  if (!ended.ok) return err({ kind: "refused", refusal: ended.error });
  return succeed(request, agent, ended.value.state, successor, ports, now);
}

async function succeed(
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
      // The same change, sent twice at once: the other call made it.
      const made = await madeBefore(successor, predecessor);
      return made === null ? err({ kind: "refused", refusal: { reason: "not_found" } }) : ok(made);
    }
    case "refused":
      return err({ kind: "refused", refusal: governed.refusal });
  }
}

async function madeBefore(successor: Intent, predecessor: IntentState): Promise<EditResult | null> {
  const dossier = await successor.getRecord();
  if (dossier === null || dossier.case === null) return null;
  const decision = JSON.parse(dossier.case.decision) as Decision;
  return { predecessor, successor: dossier.state, decision };
}

/** Bytes without a name are the agent's file with other content: its name says how to read them. */
function namedAs({ case: record }: IntentRecord, payload: Payload): Payload {
  const isBare = payload.kind === "content" && payload.name === null && payload.mediaType === null;
  if (!isBare || record?.payload.kind !== "content") return payload;
  const { name, mediaType } = record.payload;
  return { ...payload, name, mediaType };
}

/**
 * A request keeps its headers, so its new body is read as what they say that it is: whatever an editor calls it, the
 * upstream never hears. Of a name alone there is no body to send.
 */
function asSent(request: ProposalRequest, payload: Payload): Pick<ProposalInput, "request" | "payload"> {
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
 * Names the change: who wants the intent to say what. Of what was sent, which no erasure takes away. No agent's key
 * leads to the same place, because no agent has an intent's id.
 */
function keyOf(
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

function isSame(
  before: NonNullable<IntentRecord["case"]>["payload"],
  { terms }: IntentState,
  payload: Payload,
  digest: string | null,
): boolean {
  if (before.kind !== payload.kind || digest !== terms.payloadDigest) return false;
  return payload.kind === "none" || payload.name === before.name;
}

function editedFrom({ terms }: IntentState, { voter }: PayloadEdit): NonNullable<ProposalInput["edited"]> {
  const { id, edit, excluded } = terms;
  return { predecessor: id, editor: voter, editorMayApprove: edit.editorMayApprove, excluded };
}

/**
 * What Gate does not measure of the new payload is as much as it was of the old one, unless the editor says that it is
 * more. By saying less, one reviewer alone would bring what several must approve under a policy's limits.
 */
function declaredOf({ recordCount, estimatedValueUsd }: ProposalRequest, now: Facts, before: Facts) {
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
 * The declared count was the old payload's; it must not vouch for another one. Nor is a request that Gate made of the
 * old payload the new one's: another is made.
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
