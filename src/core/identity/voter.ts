import type { Assurance } from "./assurance.ts";

/** A person acting through one of their credentials, or what they laid down beforehand acting for them. */
export interface Voter {
  /** The credential that acts. */
  readonly principal: string;
  /** Whose vote it is. */
  readonly person: string;
  /** Who acts: another one than `person` only under a delegation. */
  readonly acting: string;
  /** Everything that names either of them (principal ids, person ids, e-mails), lower case. */
  readonly handles: readonly string[];
  /** Groups of `person`. */
  readonly groups: readonly string[];
  readonly assurance: Assurance;
  /** Id of the standing approval or delegation it is given under; null: by hand and for oneself. */
  readonly mandate: string | null;
}
