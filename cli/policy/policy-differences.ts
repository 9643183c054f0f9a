import type { Policy, PolicyRules } from "../../src/core/policy.ts";
import { dollars, inWords as spanInWords } from "../../src/core/evaluate/words.ts";

export interface Difference {
  /** The field, with its environment: `environments.production.auto_approve_under`. */
  readonly field: string;
  readonly words: string;
  /** What it does to an agent; neutral where that depends, or nobody is let through or stopped by it. */
  readonly effect: "stricter" | "looser" | "neutral";
}

/** What changes from one version to the next, one sentence each. */
export function differences(a: Policy, b: Policy): readonly Difference[] {
  const found: Difference[] = [];
  if (a.mode !== b.mode) {
    const strict = b.mode === "enforce";
    const words = strict
      ? "The policy is enforced now; before it only said what it would have done."
      : "The policy only says what it would do (shadow), and decides nothing.";
    found.push({ field: "mode", words, effect: strict ? "stricter" : "looser" });
  }
  if (a.description !== b.description || a.owner !== b.owner) {
    found.push({ field: "description", words: "Description or owner change.", effect: "neutral" });
  }
  found.push(...ofRules(a.base, b.base, ""));
  const environments = [...new Set([...a.environments.keys(), ...b.environments.keys()])].toSorted();
  for (const name of environments) {
    const prefix = `environments.${name}.`;
    const was = a.environments.get(name) ?? a.base;
    const is = b.environments.get(name) ?? b.base;
    // What changes in the base changes here as well; only what is this environment's own is said again.
    const base = new Set(found.map(({ words }) => words));
    found.push(...ofRules(was, is, prefix).filter(({ words }) => !base.has(words)));
  }
  return found.map((difference) => {
    const environment = /^environments\.(.+)\.[a-z_]+$/.exec(difference.field)?.[1];
    return environment === undefined
      ? difference
      : { ...difference, words: `In ${environment}: ${difference.words}` };
  });
}

function ofRules(a: PolicyRules, b: PolicyRules, prefix: string): readonly Difference[] {
  const found: Difference[] = [];
  const say = (field: string, words: string, effect: Difference["effect"]) =>
    void found.push({ field: `${prefix}${field}`, words, effect });

  const lists: readonly [string, string, readonly string[] | null, readonly string[] | null, boolean][] = [
    ["destinations", "destination", a.destinations.written, b.destinations.written, true],
    ["allowed_types", "type", items(a.allowedTypes), items(b.allowedTypes), true],
    ["block_if_terms", "blocked term", a.blockIfTerms?.terms ?? null, b.blockIfTerms?.terms ?? null, false],
    ["hold_if_terms", "held term", a.holdIfTerms?.terms ?? null, b.holdIfTerms?.terms ?? null, false],
    ["block_if_pii", "blocked kind of personal data", a.blockIfPii, b.blockIfPii, false],
    ["hold_if_pii", "held kind of personal data", a.holdIfPii, b.holdIfPii, false],
    ["field_checks", "field check", checks(a), checks(b), false],
    [
      "budgets",
      "budget",
      a.budgets.map((each) => JSON.stringify(each)),
      b.budgets.map((each) => JSON.stringify(each)),
      false,
    ],
    [
      "escalate",
      "escalation",
      a.escalate.map((each) => `${each.to} after ${each.afterMinutes} minutes`),
      b.escalate.map((each) => `${each.to} after ${each.afterMinutes} minutes`),
      false,
    ],
  ];
  for (const [field, what, was, is, allows] of lists) ofList(say, field, what, was, is, allows);

  ofLimit(
    say,
    "auto_approve_under",
    a.autoApproveUnder,
    b.autoApproveUnder,
    "looser",
    (n) => `up to ${n} records are approved`,
    "nothing is approved by count",
  );
  ofLimit(
    say,
    "require_approval_over",
    a.requireApprovalOver,
    b.requireApprovalOver,
    "looser",
    (n) => `more than ${n} records are held`,
    "no count is held",
  );
  ofLimit(
    say,
    "max_value_usd",
    a.maxValueCents,
    b.maxValueCents,
    "looser",
    (n) => `more than ${dollars(n)} is blocked`,
    "no value is blocked",
  );
  ofLimit(
    say,
    "require_approval_over_value_usd",
    a.requireApprovalOverValueCents,
    b.requireApprovalOverValueCents,
    "looser",
    (n) => `more than ${dollars(n)} is held`,
    "no value is held",
  );
  ofLimit(
    say,
    "block_duplicates_within",
    a.blockDuplicatesWithinMs,
    b.blockDuplicatesWithinMs,
    "stricter",
    (n) => `duplicates are blocked for ${spanInWords(n)}`,
    "duplicates are not looked for",
  );
  ofLimit(
    say,
    "cooldown_after_rejection",
    a.cooldownAfterRejectionMs,
    b.cooldownAfterRejectionMs,
    "stricter",
    (n) => `what was rejected stays blocked for ${spanInWords(n)}`,
    "what was rejected may come back at once",
  );
  ofLimit(
    say,
    "retention_days",
    a.retentionDays,
    b.retentionDays,
    "neutral",
    (n) => `payloads are kept for ${n} days`,
    "payloads are kept",
  );
  ofLimit(
    say,
    "expiry_minutes",
    a.expiryMinutes,
    b.expiryMinutes,
    "looser",
    (n) => `a held intent waits ${n} minutes`,
    "",
  );
  ofLimit(
    say,
    "execution_window_minutes",
    a.executionWindowMinutes,
    b.executionWindowMinutes,
    "looser",
    (n) => `an approved intent waits ${n} minutes for its order`,
    "",
  );
  ofLimit(
    say,
    "approvers",
    a.approvers.require,
    b.approvers.require,
    "stricter",
    (n) => `${n} must approve`,
    "",
  );
  for (const field of ["per_agent_per_hour", "per_agent_per_day"] as const) {
    const limit = (rules: PolicyRules) =>
      rules.rateLimits.find((each) => each.field === field)?.limit ?? null;
    const span = field === "per_agent_per_hour" ? "an hour" : "a day";
    ofLimit(
      say,
      `rate_limits`,
      limit(a),
      limit(b),
      "looser",
      (n) => `an agent may propose ${n} times ${span}`,
      `an agent may propose any number of times ${span}`,
    );
  }

  const switches: readonly [string, boolean, boolean, string, string, Difference["effect"]][] = [
    [
      "require_approval",
      a.requireApprovalAlways,
      b.requireApprovalAlways,
      "Every intent is held.",
      "Not every intent is held any more.",
      "stricter",
    ],
    [
      "require_approval_for",
      a.requireApprovalForOrgWide,
      b.requireApprovalForOrgWide,
      "What concerns the whole organisation is held.",
      "Scope does not hold any more.",
      "stricter",
    ],
    [
      "require_approval_if_template_error",
      a.requireApprovalIfTemplateError,
      b.requireApprovalIfTemplateError,
      "Unresolved placeholders are held.",
      "Unresolved placeholders are not looked for any more.",
      "stricter",
    ],
    [
      "allow_unmeasured",
      a.allowUnmeasured,
      b.allowUnmeasured,
      "Payloads nobody has seen may be approved.",
      "Payloads nobody has seen are held.",
      "looser",
    ],
    [
      "edit",
      a.edit.allow,
      b.edit.allow,
      "Reviewers may edit the payload.",
      "Reviewers may not edit the payload.",
      "neutral",
    ],
    [
      "edit",
      a.edit.editorMayApprove,
      b.edit.editorMayApprove,
      "Editors may approve what they edited.",
      "Editors may not approve what they edited.",
      "looser",
    ],
    [
      "approvers",
      a.approvers.excludeProposer,
      b.approvers.excludeProposer,
      "Proposers may not approve.",
      "Proposers may approve their own.",
      "stricter",
    ],
    [
      "approvers",
      a.approvers.excludeOwner,
      b.approvers.excludeOwner,
      "The agent's owner may not approve.",
      "The agent's owner may approve.",
      "stricter",
    ],
  ];
  for (const [field, was, is, on, off, effect] of switches) {
    if (was !== is) say(field, is ? on : off, is ? effect : opposite(effect));
  }

  const values: readonly [string, string, unknown, unknown][] = [
    ["risk", "held from risk level", a.holdAtRisk ?? "never", b.holdAtRisk ?? "never"],
    ["risk", "blocked from risk level", a.blockAtRisk ?? "never", b.blockAtRisk ?? "never"],
    ["require_profile", "required profile", a.requireProfile ?? "none", b.requireProfile ?? "none"],
    ["on_no_response", "when nobody answers", a.onNoResponse, b.onNoResponse],
    [
      "execution",
      "carried out by",
      a.executor ?? "what the destination says",
      b.executor ?? "what the destination says",
    ],
    ["approvers", "least assurance", a.approvers.minAssurance, b.approvers.minAssurance],
    ["approvers", "who may approve", who(a), who(b)],
  ];
  for (const [field, what, was, is] of values) {
    if (was !== is) say(field, `${sentence(what)}: ${String(was)} before, ${String(is)} now.`, "neutral");
  }
  return found;
}

type Say = (field: string, words: string, effect: Difference["effect"]) => void;

function ofList(
  say: Say,
  field: string,
  what: string,
  was: readonly string[] | null,
  is: readonly string[] | null,
  allows: boolean,
): void {
  const added = (is ?? []).filter((item) => was === null || !was.includes(item));
  const removed = (was ?? []).filter((item) => is === null || !is.includes(item));
  // An allow-list that appears forbids everything it does not name, and one that goes allows everything.
  if (allows && was === null && is !== null) {
    return say(field, `Only these ${what}s: ${is.join(", ")}.`, "stricter");
  }
  if (allows && was !== null && is === null) return say(field, `Any ${what}.`, "looser");
  if (added.length > 0) {
    say(field, `New ${what}${plural(added)}: ${added.join(", ")}.`, allows ? "looser" : "stricter");
  }
  if (removed.length > 0) {
    say(field, `No longer a ${what}: ${removed.join(", ")}.`, allows ? "stricter" : "looser");
  }
}

/** @param more what a larger number means; no number at all is the far end of "looser". */
function ofLimit(
  say: Say,
  field: string,
  was: number | null,
  is: number | null,
  more: Difference["effect"],
  words: (n: number) => string,
  none: string,
): void {
  if (was === is) return;
  const before = was === null ? none : words(was);
  const now = is === null ? none : words(is);
  say(field, `${sentence(now)}; before, ${before}.`, effectOf(field, was, is, more));
}

function effectOf(
  field: string,
  was: number | null,
  is: number | null,
  more: Difference["effect"],
): Difference["effect"] {
  if (more === "neutral") return "neutral";
  // The one threshold that says yes: without it nothing passes.
  if (was === null) return field === "auto_approve_under" ? "looser" : "stricter";
  if (is === null) return field === "auto_approve_under" ? "stricter" : "looser";
  return is > was ? more : opposite(more);
}

function opposite(effect: Difference["effect"]): Difference["effect"] {
  if (effect === "neutral") return effect;
  return effect === "stricter" ? "looser" : "stricter";
}

function items(set: ReadonlySet<string> | null): readonly string[] | null {
  return set === null ? null : [...set];
}

function checks(rules: PolicyRules): readonly string[] {
  return (rules.fieldChecks ?? []).map(({ select: _, pattern, ...check }) => {
    const rest = Object.entries(check).filter(([, value]) => value !== null && value !== false);
    if (pattern !== null) rest.push(["pattern", pattern.source]);
    return rest.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(" ");
  });
}

function who({ approvers }: PolicyRules): string {
  return [...approvers.groups, ...approvers.people].join(", ") || "any reviewer";
}

function plural(list: readonly unknown[]): string {
  return list.length === 1 ? "" : "s";
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
