import type { Decision, TraceStep } from "./decision.ts";
import { holdFor } from "./rules/findings.ts";

/**
 * The decision on a payload that a reviewer edited. Neither policy alone nor silence approves one: an edit can remove what
 * the proposal was held for, and would go out without a second reader. Another person decides, unless the policies before
 * and after the edit let an editor approve.
 *
 * @param editorMayApprove as the edited intent's policies say
 */
export function decisionOnEdit(decision: Decision, editorMayApprove: boolean): Decision {
  if (decision.outcome === "block" || (editorMayApprove && decision.edit.editorMayApprove)) return decision;
  if (decision.outcome === "hold") return { ...decision, heldByContent: true };
  const { outcome, code, reason } = holdFor(
    "payload_edited",
    "A reviewer edited the payload, and another person has not seen it.",
    null,
  );
  const step: TraceStep = {
    policy: "",
    rule: "edit.editor_may_approve",
    line: null,
    seen: null,
    outcome,
    reasonCode: code,
  };
  return {
    ...decision,
    outcome,
    reasonCode: code,
    reason,
    trace: [...decision.trace, step],
    heldByContent: true,
  };
}
