import { digestOf } from "../../core/base/digest.ts";
import type { VoteContext } from "../../core/intent/command.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { effectiveValueCents } from "../../core/policy/risk.ts";
import type { Facts } from "../../core/proposal/facts.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { IntentRecord } from "../../ports/intents.ts";
import { digestOfBytes } from "../digest-bytes.ts";
import type { ProposalInput } from "./proposal-input.ts";

/** A reviewer's replacement for the payload that the agent proposed. */
export interface PayloadEdit extends VoteContext {
  readonly payload: Payload;
  /** Records in the new payload; null: as many as Gate measures. */
  readonly recordCount: number | null;
  /** US dollars; null: the value that the agent declared. */
  readonly estimatedValueUsd: number | null;
}

/** Bytes without a name get the name and media type of the agent's file, by which Gate knows how to measure them. */
export function withOriginalName({ case: content }: IntentRecord, payload: Payload): Payload {
  const isBare = payload.kind === "content" && payload.name === null && payload.mediaType === null;
  if (!isBare || content?.payload.kind !== "content") return payload;
  const { name, mediaType } = content.payload;
  return { ...payload, name, mediaType };
}

/**
 * A proxied request keeps its headers, so the new body is measured as the Content-Type that the upstream receives, and
 * not as the type that the editor names (parser differential). A reference has no body to send.
 */
export function asForwarded(
  request: ProposalRequest,
  payload: Payload,
): Pick<ProposalInput, "request" | "payload"> {
  const { http, ...bare } = request;
  if (http === undefined || payload.kind === "none") return { request, payload };
  if (payload.kind === "reference") return { request: bare, payload };
  const mediaType = http.headers.find(([name]) => name === "content-type")?.[1] ?? null;
  return { request, payload: { ...payload, name: null, mediaType } };
}

export async function contentDigest(payload: Payload): Promise<string | null> {
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
export function editKey(
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

export function isUnchanged(
  before: NonNullable<IntentRecord["case"]>["payload"],
  { terms }: IntentState,
  payload: Payload,
  digest: string | null,
): boolean {
  if (before.kind !== payload.kind || digest !== terms.payloadDigest) return false;
  return payload.kind === "none" || payload.name === before.name;
}

export function editOrigin(
  { terms }: IntentState,
  { voter }: PayloadEdit,
): NonNullable<ProposalInput["edited"]> {
  const { id, edit, excluded } = terms;
  return { predecessor: id, editor: voter, editorMayApprove: edit.editorMayApprove, excluded };
}

/**
 * A number that Gate can't measure in the new payload is at least the old payload's: by declaring less, one reviewer
 * alone could bring a write that needs several approvals under a policy's limits.
 */
export function declaredNumbers(
  { recordCount, estimatedValueUsd }: ProposalRequest,
  now: Facts,
  before: Facts,
) {
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
export function editedRequest(
  stored: string,
  { recordCount, estimatedValueUsd }: PayloadEdit,
): ProposalRequest {
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
