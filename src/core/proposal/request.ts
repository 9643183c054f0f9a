import type { JsonObject } from "../base/json.ts";
import type { HttpWrite } from "../outbound/http-write.ts";

/** The contract's levels of assurance, weakest first. */
export const ASSURANCE_LEVELS = ["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const;

export type AssuranceLevel = (typeof ASSURANCE_LEVELS)[number];

/** What a proposal asks of its approval. It can only raise what the policies require, and chooses no channel. */
export interface ApprovalDemand {
  /** `dashboard`, or an approval provider that `gate.yaml` asks about this destination anyway. */
  readonly provider: string | null;
  /** Shown and never used to notify anybody; the address is masked, and null where none was given. */
  readonly channel: { readonly type: string | null; readonly address: string | null } | null;
  readonly level: AssuranceLevel | null;
  /** Factors such as `manual.dashboard.v1`, all of which the approval must have. */
  readonly factors: readonly string[];
}

/**
 * A proposal as the door parsed it: the declared part of an intent. Gate trusts none of it: rules run on measured
 * facts, and a declared value can only make them stricter.
 */
export interface ProposalRequest {
  /** `system.action`, for example `salesforce.import`. */
  readonly destination: string;
  /** The policy the agent names; the registry may bind others. */
  readonly policy: string;
  /** A label for people; defaults to the destination. */
  readonly action: string;
  /** A whole number ≥ 0, or null when not declared. */
  readonly recordCount: number | null;
  /** US dollars, finite and ≥ 0, or null when not declared. */
  readonly estimatedValueUsd: number | null;
  readonly sensitivityTags: readonly string[];
  readonly onBehalfOf: string | null;
  /** An opaque id of the person or account the write concerns. */
  readonly principalId: string | null;
  /** Free metadata: `environment`, `scope` and the fields of a typed action profile are read from it. */
  readonly metadata: JsonObject;
  /** A typed action profile, such as `email.send.v1`. */
  readonly profile: string | null;
  /** Minutes within which the agent needs a decision; can only shorten the policy's expiry. */
  readonly expiresInMinutes: number | null;
  /** What the agent asks of the approval, should it be held; absent: nothing. */
  readonly approval?: ApprovalDemand;
  /** The HTTP request that performs the write, where Gate sends it; absent for any other executor. */
  readonly http?: HttpWrite;
}
