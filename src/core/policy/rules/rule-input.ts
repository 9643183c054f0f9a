import type { ProposalRequest } from "../../proposal/request.ts";
import type { Facts } from "../../proposal/facts.ts";
import type { History } from "../history.ts";
import type { Risk } from "../risk.ts";
import type { ContentViews } from "../content-views.ts";

/** Input of a policy's rules. */
export interface RuleInput {
  readonly request: ProposalRequest;
  readonly facts: Facts;
  readonly content: ContentViews;
  /** Null when no counters were read: rules that need them hold. */
  readonly history: History | null;
  readonly risk: Risk;
}
