import type { Assurance } from "./assurance.ts";

/** A person who votes through one of their principals, or whose mandate votes for them. */
export interface Voter {
  /** The principal that casts the vote. */
  readonly principal: string;
  /** Whose vote it is. */
  readonly person: string;
  /** The person who acts; differs from `person` only under a delegation. */
  readonly acting: string;
  /** All handles of both (principal ids, person ids, e-mails), lower case. */
  readonly handles: readonly string[];
  /** Groups of `person`. */
  readonly groups: readonly string[];
  readonly assurance: Assurance;
  /** Id of the standing approval or delegation that authorizes the vote; null: cast personally. */
  readonly mandate: string | null;
}
