import type { ReportProblem } from "./compile-rules.ts";
import { CONTENT_FIELDS } from "./fields.ts";
import type { WrittenRules } from "./fields.ts";

/** Reports rules that are valid alone and contradict each other. Called once per environment, with its overrides. */
export function checkCombinations(written: WrittenRules, report: ReportProblem): void {
  unmeasuredContent(written, report);
  approvalBySilence(written, report);
  quorum(written, report);
  emptyMappings(written, report);
  if (written.edit?.editor_may_approve === true) {
    if (written.edit.allow !== true) {
      report(
        "edit",
        ["editor_may_approve"],
        "an editor may only approve where editing is allowed; add `allow: true`",
      );
    }
    if (written.approvers?.exclude_proposer === true) {
      const message =
        "the editor becomes the proposer, whom `exclude_proposer: true` keeps from approving; remove one";
      report("edit", ["editor_may_approve"], message);
    }
  }
  const expiry = written.expiry_minutes ?? 60;
  written.escalate?.forEach(({ after }, index) => {
    // Steps are rounded up to whole minutes, and a deadline at the same time comes first.
    if (Math.ceil(after / 60_000) >= expiry) {
      report("escalate", [index, "after"], `never happens: an intent is held for ${expiry} minutes at most`);
    }
  });
  const seen = new Set<number>();
  written.budgets?.forEach(({ window: { ms } }, index) => {
    if (seen.has(ms)) {
      report("budgets", [index, "window"], "a second budget for the same window; write them as one");
    }
    seen.add(ms);
  });
}

/** A content rule holds every payload that Gate has not seen, so the two contradict each other. */
function unmeasuredContent(written: WrittenRules, report: ReportProblem): void {
  if (written.allow_unmeasured !== true) return;
  for (const field of CONTENT_FIELDS) {
    if (written[field] === undefined || written[field] === false) continue;
    const message = `allow_unmeasured approves payloads that Gate has not seen, and ${field} needs to see them; remove one`;
    report("allow_unmeasured", [], message);
  }
}

/**
 * Approval by timeout contradicts a policy that requires approval always, by several people or at an assurance level.
 */
function approvalBySilence(written: WrittenRules, report: ReportProblem): void {
  if (written.on_no_response === "escalate" && written.escalate === undefined) {
    report(
      "on_no_response",
      [],
      "on_no_response: escalate has no recipients; add `escalate: [{after: 30m, to: …}]`",
    );
  }
  if (written.on_no_response !== "auto_approve_if_low_risk") return;
  const refuse = (because: string) =>
    report("on_no_response", [], `on_no_response: auto_approve_if_low_risk can't go with ${because}`);
  if (written.require_approval === "always") refuse("`require_approval: always`");
  if ((written.approvers?.require ?? written.require_approvals ?? 1) > 1) {
    refuse("more than one required approval");
  }
  if (written.approvers?.min_assurance !== undefined) refuse("`min_assurance`");
}

function quorum(written: WrittenRules, report: ReportProblem): void {
  const { approvers, require_approvals: short } = written;
  if (approvers?.require !== undefined && short !== undefined && approvers.require !== short) {
    report(
      "require_approvals",
      [],
      `require_approvals: ${short} and approvers.require: ${approvers.require} disagree`,
    );
  }
  const required = approvers?.require ?? short ?? 1;
  const rejections = approvers?.rejections ?? 1;
  if (approvers?.people === undefined || approvers.groups !== undefined) return;
  const named = new Set(approvers.people).size;
  if (named < required) {
    report("approvers", ["people"], `names ${named} people, and ${required} must approve`);
  }
  if (named < rejections) {
    const message = `names ${named} people, and ${rejections} must reject: a rejection would be impossible`;
    report("approvers", ["people"], message);
  }
}

function emptyMappings(written: WrittenRules, report: ReportProblem): void {
  for (const field of ["risk", "rate_limits", "approvers", "edit"] as const) {
    const mapping = written[field];
    if (mapping !== undefined && Object.keys(mapping).length === 0) {
      report(field, [], `${field} is empty; leave it out, or fill it in`);
    }
  }
  written.budgets?.forEach((budget, index) => {
    if (
      budget.max_intents === undefined &&
      budget.max_records === undefined &&
      budget.max_value_usd === undefined
    ) {
      report("budgets", [index], "a budget needs max_intents, max_records or max_value_usd");
    }
  });
}
