import type { JsonObject } from "../base/json.ts";
import type { HttpWrite } from "../outbound/http-write.ts";

/**
 * What an agent asks for, after the border parsed it: the declared part of an intent. Nothing in it is
 * believed; rules run on measured facts, and what is declared can only make them stricter.
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
  /** Minutes the agent wants a decision within: it may only shorten the policy's. */
  readonly expiresInMinutes: number | null;
  /** The request it is made by, where Gate sends it on; absent where somebody else carries it out. */
  readonly http?: HttpWrite;
}
