import type { ProposalRequest } from "../../proposal/request.ts";
import type { Facts } from "../../proposal/facts.ts";
import type { History } from "../history.ts";
import type { Risk } from "../risk.ts";
import type { ContentViews } from "../content-views.ts";

/** Everything a policy's rules see. */
export interface RuleInput {
  readonly request: ProposalRequest;
  readonly facts: Facts;
  readonly content: ContentViews;
  /** Null when nobody counted: rules that need counters hold. */
  readonly history: History | null;
  readonly risk: Risk;
}
