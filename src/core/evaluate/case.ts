import type { Ask } from "../ask.ts";
import type { Facts } from "../facts.ts";
import type { History } from "../history.ts";
import type { Risk } from "../risk.ts";
import type { Content } from "./content.ts";

/** Everything a policy's rules see. */
export interface Case {
  readonly ask: Ask;
  readonly facts: Facts;
  readonly content: Content;
  /** Null when nobody counted: rules that need counters hold. */
  readonly history: History | null;
  readonly risk: Risk;
}
