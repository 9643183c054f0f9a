import type { Ask } from "../../proposal/request.ts";
import type { Facts } from "../../proposal/facts.ts";
import type { History } from "../history.ts";
import type { Risk } from "../risk.ts";
import type { Content } from "../content-views.ts";

/** Everything a policy's rules see. */
export interface Case {
  readonly ask: Ask;
  readonly facts: Facts;
  readonly content: Content;
  /** Null when nobody counted: rules that need counters hold. */
  readonly history: History | null;
  readonly risk: Risk;
}
