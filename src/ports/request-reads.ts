import type { LinkedIdentities } from "./identity.ts";
import type { Intents } from "./intents.ts";
import type { Principals } from "./principals.ts";
import type { Roster } from "./roster.ts";
import type { Switches } from "./switches.ts";

/** The ports that say what is and who may do what now, for one request: within a quarter of a second nothing is read twice. */
export interface RequestReads {
  readonly principals: Principals;
  readonly switches: Switches;
  readonly linkedIdentities: LinkedIdentities;
  readonly roster: Roster;
  readonly intents: Intents;
  /**
   * Reads the kill switches, and whoever acted on this intent, in one batch with what else is read in the same turn.
   *
   * @param intent null: it is not known yet
   * @param recipient the person to whom the link went that is followed; null: none is
   */
  ahead(intent: string | null, recipient?: string | null): void;
}
