/*
 * A second evaluator, written from the documentation alone and without a thought for speed: it works on the
 * policy as the file writes it and on a description of the payload, shares no code with the real one, and must
 * agree with it on every case that the fuzzer makes up.
 */

export interface WrittenPolicy {
  readonly id: string;
  readonly destinations: readonly string[];
  readonly mode?: "enforce" | "shadow";
  readonly allowed_types?: readonly string[];
  readonly auto_approve_under?: number;
  readonly require_approval_over?: number;
  readonly require_approval?: "always";
  readonly require_approval_for?: "org_wide";
  readonly require_approval_if_template_error?: boolean;
  readonly block_if_terms?: readonly string[];
  readonly hold_if_terms?: readonly string[];
  readonly block_if_pii?: readonly string[];
  readonly hold_if_pii?: readonly string[];
  readonly field_checks?: readonly WrittenCheck[];
  readonly max_value_usd?: number;
  readonly require_approval_over_value_usd?: number;
  readonly risk?: { readonly hold_at?: string; readonly block_at?: string };
  readonly rate_limits?: { readonly per_agent_per_hour?: number; readonly per_agent_per_day?: number };
  readonly budgets?: readonly WrittenBudget[];
  readonly block_duplicates_within?: string;
  readonly cooldown_after_rejection?: string;
  readonly allow_unmeasured?: boolean;
  readonly require_profile?: string;
  readonly expiry_minutes?: number;
  readonly execution_window_minutes?: number;
  readonly on_no_response?: string;
  readonly require_approvals?: number;
  readonly retention_days?: number;
  readonly environments?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface WrittenCheck {
  readonly path: string;
  readonly required?: boolean;
  readonly max?: number;
  readonly max_length?: number;
}

export interface WrittenBudget {
  readonly window: string;
  readonly max_intents?: number;
  readonly max_records?: number;
  readonly max_value_usd?: number;
  readonly on_exceed?: "hold" | "block";
}

export interface WrittenDestination {
  readonly policies?: readonly string[];
  readonly records?: "auto" | "single";
  readonly amount?: unknown;
  readonly risk_weight?: number;
}

export interface Row {
  readonly name: string;
  readonly amount: number | null;
}

export type Described =
  | { readonly kind: "none" }
  | { readonly kind: "reference"; readonly name: string }
  | { readonly kind: "text"; readonly words: readonly string[] }
  | { readonly kind: "json" | "csv"; readonly rows: readonly Row[] }
  | { readonly kind: "binary" };

export interface Situation {
  readonly policies: readonly WrittenPolicy[];
  readonly broken: readonly string[];
  readonly unbound: "allow" | "block";
  readonly destinations: Readonly<Record<string, WrittenDestination>>;
  readonly agent: {
    readonly destinations: readonly string[] | null;
    readonly policies: readonly string[] | null;
    readonly environment: string | null;
  };
  readonly request: {
    readonly destination: string;
    readonly policy: string;
    readonly recordCount: number | null;
    readonly valueUsd: number | null;
    readonly tags: readonly string[];
    readonly scope: string | null;
    readonly environment: string | null;
    readonly profile: string | null;
    readonly fields: Readonly<Record<string, string>>;
    readonly expires: number | null;
  };
  readonly payload: Described;
  /** Minutes since; counts are the same in every window. Null: no counters were read. */
  readonly history: {
    readonly intents: number;
    readonly records: number;
    readonly valueUsd: number;
    readonly duplicateAgo: number | null;
    readonly rejectedAgo: number | null;
  } | null;
}

export interface Verdict {
  readonly outcome: string;
  readonly code: string;
  readonly expiry: number;
  readonly window: number;
  readonly retention: number | null;
  readonly onNoResponse: string;
  readonly heldByContent: boolean;
  readonly require: number;
  readonly risk: number;
  readonly shadow: readonly string[];
}

interface Finding {
  readonly outcome: "block" | "hold";
  readonly code: string;
  readonly content?: true;
}

export function referenceVerdict(s: Situation): Verdict {
  const before: Finding[] = [];
  const block = (code: string): void => void before.push({ outcome: "block", code });

  if (s.agent.destinations !== null && !matches(s.agent.destinations, s.request.destination)) {
    block("agent_destination_not_allowed");
  }
  if (s.request.policy !== "" && s.agent.policies !== null && !matches(s.agent.policies, s.request.policy)) {
    block("agent_policy_not_allowed");
  }
  const entry = Object.hasOwn(s.destinations, s.request.destination)
    ? s.destinations[s.request.destination]
    : undefined;
  const ids = [...(entry?.policies ?? [])];
  if (ids.length === 0 && s.unbound === "block") block("destination_not_registered");
  if (s.request.policy !== "" && !ids.includes(s.request.policy)) ids.push(s.request.policy);
  if (ids.length === 0) block("unknown_policy");
  const bindings: WrittenPolicy[] = [];
  const unusable: string[] = [];
  for (const id of ids) {
    const policy = s.policies.find((each) => each.id === id);
    if (s.broken.includes(id)) unusable.push("policy_broken");
    else if (policy === undefined) unusable.unshift("unknown_policy");
    else bindings.push(policy);
  }
  for (const code of unusable.toSorted().toReversed()) block(code);

  const facts = factsOf(s, entry);
  const risk = riskOf(s, entry, facts);
  const shadow: string[] = [];
  const enforced: { rules: WrittenPolicy; findings: Finding[]; yes: boolean }[] = [];
  for (const policy of bindings) {
    const versions = versionsOf(policy, s);
    const answers = versions.map((rules) => ({ rules, ...request(rules, s, facts, risk) }));
    if (policy.mode === "shadow") shadow.push(strictest(answers.map(({ findings }) => findings)).code);
    else enforced.push(...answers);
  }
  if (before.length === 0 && enforced.length === 0) {
    before.push({ outcome: "hold", code: "only_shadow_policies" });
  }

  const wantsProfile = enforced.some(({ rules }) => rules.require_profile !== undefined);
  const unfit: readonly Finding[] =
    s.request.profile !== null && !wantsProfile && !isWholeProfile(s.request)
      ? [{ outcome: "block", code: "invalid_profile_payload" }]
      : [];
  const everything = [before, ...enforced.map(({ findings }) => findings), unfit];
  const answer = strictest(everything);
  const all = enforced.map(({ rules }) => rules);
  const least = (numbers: readonly number[]) => Math.min(...numbers);
  const retention = all.flatMap((rules) => rules.retention_days ?? []);
  const silence = ["reject", "escalate", "defer", "auto_approve_if_low_risk"].find((word) =>
    all.some((rules) => (rules.on_no_response ?? "reject") === word),
  );
  return {
    ...answer,
    expiry: least([
      ...(all.length === 0 ? [60] : all.map((rules) => rules.expiry_minutes ?? 60)),
      s.request.expires ?? 1e9,
    ]),
    window: all.length === 0 ? 60 : least(all.map((rules) => rules.execution_window_minutes ?? 60)),
    retention: retention.length === 0 ? null : least(retention),
    onNoResponse: silence ?? "reject",
    heldByContent: everything.flat().some(({ content }) => content === true) || isInDoubt(s, facts),
    require: Math.max(1, ...all.map((rules) => rules.require_approvals ?? 1)),
    risk: risk.score,
    shadow,
  };
}

/** Block over hold over approve; the first in the order of evaluation gives the reason. */
function strictest(lists: readonly (readonly Finding[])[]): { outcome: string; code: string } {
  for (const outcome of ["block", "hold"] as const) {
    for (const list of lists) {
      const found = list.find((finding) => finding.outcome === outcome);
      if (found !== undefined) return { outcome, code: found.code };
    }
  }
  return { outcome: "approve", code: "approved_by_policy" };
}

function versionsOf(policy: WrittenPolicy, s: Situation): readonly WrittenPolicy[] {
  const version = (name: string | null): WrittenPolicy => {
    const overrides =
      name !== null && policy.environments !== undefined && Object.hasOwn(policy.environments, name)
        ? policy.environments[name]
        : undefined;
    if (overrides === undefined) return policy;
    return Object.fromEntries(
      Object.entries({ ...policy, ...overrides }).filter(([, value]) => value !== null),
    ) as unknown as WrittenPolicy;
  };
  const own = version(s.agent.environment);
  if (s.request.environment === null) return [own];
  const requested = version(s.request.environment);
  const same = (name: string | null) =>
    name !== null && policy.environments !== undefined && Object.hasOwn(policy.environments, name)
      ? name
      : "";
  return same(s.agent.environment) === same(s.request.environment) ? [own] : [own, requested];
}

interface SeenFacts {
  readonly type: string | null;
  readonly readable: boolean;
  readonly records: number | null;
  /** False for a format in which records can't be counted: the declared number does not replace the count. */
  readonly countable: boolean;
  readonly cents: number | null;
  readonly moneyComplete: boolean;
}

function factsOf(s: Situation, entry: WrittenDestination | undefined): SeenFacts {
  const {
    payload,
    request: { recordCount, valueUsd },
  } = s;
  const single = entry?.records === "single";
  let counted: number | null = null;
  if (payload.kind === "json" || payload.kind === "csv") counted = payload.rows.length;
  if (single && payload.kind !== "none" && payload.kind !== "reference") counted = 1;
  const declaredCents = valueUsd === null ? null : Math.round(valueUsd * 100);
  let sum: number | null = null;
  let complete = true;
  if (entry?.amount !== undefined && payload.kind !== "none" && payload.kind !== "reference") {
    if (payload.kind !== "json" && payload.kind !== "csv") complete = false;
    else if (payload.rows.some(({ amount }) => amount === null)) complete = false;
    else sum = payload.rows.reduce((total, { amount }) => total + Math.round((amount ?? 0) * 100), 0);
  }
  return {
    type: typeOf(payload),
    readable: payload.kind === "text" || payload.kind === "json" || payload.kind === "csv",
    records: larger(recordCount, counted),
    countable: payload.kind !== "binary" || single,
    cents: larger(declaredCents, sum),
    moneyComplete: complete,
  };
}

function typeOf(payload: Described): string | null {
  switch (payload.kind) {
    case "none":
      return null;
    case "reference":
      return payload.name.endsWith(".csv") ? "csv" : payload.name.endsWith(".json") ? "json" : null;
    default:
      return payload.kind;
  }
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

/** A count or an amount of what was sent is unknown: no silence approves it. */
function isInDoubt({ payload }: Situation, { countable, moneyComplete }: SeenFacts): boolean {
  return payload.kind !== "none" && payload.kind !== "reference" && !(countable && moneyComplete);
}

function riskOf(s: Situation, entry: WrittenDestination | undefined, facts: SeenFacts) {
  const system = s.request.destination.split(".")[0] ?? "";
  let score = entry?.risk_weight;
  if (score === undefined) {
    score = 0;
    if (["stripe", "quickbooks", "netsuite", "payroll", "wire", "ach", "bank"].includes(system)) score = 35;
    if (["salesforce", "hubspot", "marketo", "zendesk", "intercom"].includes(system)) score = 15;
  }
  const records = facts.records ?? 0;
  const isSent = s.payload.kind !== "none" && s.payload.kind !== "reference";
  if (isSent && !facts.countable) score += 30;
  else score += records > 10_000 ? 30 : records > 1_000 ? 20 : records > 100 ? 10 : 0;
  const usd = (facts.cents ?? 0) / 100;
  if (isSent && !facts.moneyComplete) score += 25;
  else score += usd > 10_000 ? 25 : usd > 1_000 ? 15 : usd > 0 ? 5 : 0;
  const has = (...tags: string[]) => tags.some((tag) => s.request.tags.includes(tag));
  score += has("financial", "legal") ? 20 : has("pii", "health") ? 15 : 0;
  if (wordsOf(s).includes("passport") || (isSent && !facts.readable)) score += 15;
  score = Math.min(100, score);
  return { score, level: score >= 75 ? 3 : score >= 50 ? 2 : score >= 25 ? 1 : 0 };
}

/** The generator only ever fills the fields of one profile. */
function isWholeProfile({ profile, fields }: Pick<Situation["request"], "profile" | "fields">): boolean {
  return profile === "support.reply.v1" && Boolean(fields["ticket_id"]) && Boolean(fields["body"]);
}

/** All words that can be read in what was sent. */
function wordsOf({ payload, request: { profile, fields } }: Situation): readonly string[] {
  if (payload.kind === "text") return payload.words;
  if (payload.kind === "json" || payload.kind === "csv") {
    return payload.rows.flatMap(({ name }) => name.split(" "));
  }
  if (payload.kind === "none" && isWholeProfile({ profile, fields })) {
    return Object.values(fields).flatMap((value) => value.split(" "));
  }
  return [];
}

function request(rules: WrittenPolicy, s: Situation, facts: SeenFacts, risk: { level: number }) {
  const findings: Finding[] = [];
  const block = (code: string): void => void findings.push({ outcome: "block", code });
  const hold = (code: string): void => void findings.push({ outcome: "hold", code });
  const holdContent = (code: string): void => void findings.push({ outcome: "hold", code, content: true });
  const { history } = s;
  const profileIsContent = s.payload.kind === "none" && isWholeProfile(s.request);
  const canLook = facts.readable || profileIsContent;

  // destination, type
  if (!matches(rules.destinations, s.request.destination)) block("destination_not_allowed");
  if (rules.allowed_types !== undefined && s.payload.kind !== "none") {
    if (facts.type === null || !rules.allowed_types.includes(facts.type)) block("type_not_allowed");
  }
  // schema and field checks
  if (rules.require_profile !== undefined) {
    if (s.request.profile === null) block("profile_required");
    else if (s.request.profile !== rules.require_profile) block("profile_mismatch");
    else if (!isWholeProfile(s.request)) block("invalid_profile_payload");
  }
  if (rules.field_checks !== undefined) {
    if (s.payload.kind === "reference" || s.payload.kind === "binary") holdContent("payload_not_inspectable");
    else if (fieldsFail(rules.field_checks, s)) block("field_check_failed");
  }
  // terms and PII
  const look = (wanted: boolean, found: boolean, yes: () => void): void => {
    if (!wanted) return;
    if (found) yes();
    else if (!canLook) holdContent("payload_not_inspectable");
  };
  const words = wordsOf(s);
  look(rules.block_if_terms !== undefined, termIn(rules.block_if_terms, s), () =>
    block("blocked_term_detected"),
  );
  look(rules.block_if_pii !== undefined, piiIn(rules.block_if_pii, words), () =>
    block("blocked_pii_detected"),
  );
  look(rules.hold_if_terms !== undefined, termIn(rules.hold_if_terms, s), () =>
    holdContent("held_term_detected"),
  );
  look(rules.hold_if_pii !== undefined, piiIn(rules.hold_if_pii, words), () =>
    holdContent("held_pii_detected"),
  );
  // duplicates, rate limits and budgets
  if (rules.block_duplicates_within !== undefined) {
    if (history === null) hold("history_unavailable");
    else if (history.duplicateAgo !== null && history.duplicateAgo < minutes(rules.block_duplicates_within)) {
      block("duplicate_blocked");
    }
  }
  for (const limit of [rules.rate_limits?.per_agent_per_hour, rules.rate_limits?.per_agent_per_day]) {
    if (limit === undefined) continue;
    if (history === null) hold("history_unavailable");
    else if (history.intents >= limit) block("rate_limit_exceeded");
  }
  for (const budget of rules.budgets ?? []) {
    if (history === null) {
      hold("history_unavailable");
      continue;
    }
    const cents = facts.moneyComplete ? facts.cents : null;
    const uses: readonly [number | undefined, number, number | null][] = [
      [budget.max_intents, history.intents, 1],
      [budget.max_records, history.records, facts.countable ? facts.records : null],
      [
        budget.max_value_usd === undefined ? undefined : budget.max_value_usd * 100,
        history.valueUsd * 100,
        cents,
      ],
    ];
    const over = uses.some(([most, used, adds]) => most !== undefined && used + (adds ?? 0) > most);
    const unknown = uses.some(([most, , adds]) => most !== undefined && adds === null);
    if (over) findings.push({ outcome: budget.on_exceed ?? "hold", code: "budget_exceeded" });
    else if (unknown) {
      const isDoubtful =
        (budget.max_value_usd !== undefined && !facts.moneyComplete) ||
        (budget.max_records !== undefined && !facts.countable);
      (isDoubtful ? holdContent : hold)("budget_not_measurable");
    }
  }
  // always, org-wide, template errors
  if (rules.require_approval === "always") hold("manual_review_required");
  if (rules.require_approval_for === "org_wide" && s.request.scope === "org_wide") hold("org_wide_scope");
  look(
    rules.require_approval_if_template_error === true,
    words.some((word) => word.includes("{{")),
    () => holdContent("template_error_detected"),
  );
  // value
  const known = facts.cents !== null && facts.moneyComplete;
  for (const [limit, over] of [
    [rules.max_value_usd, () => block("value_over_limit")],
    [rules.require_approval_over_value_usd, () => hold("value_over_threshold")],
  ] as const) {
    if (limit === undefined) continue;
    if (facts.cents !== null && facts.cents > Math.round(limit * 100)) over();
    else if (!known) (facts.moneyComplete ? hold : holdContent)("value_not_measured");
  }
  // history
  if (rules.cooldown_after_rejection !== "none") {
    if (history === null && rules.cooldown_after_rejection !== undefined) hold("history_unavailable");
    const ago = history?.rejectedAgo ?? null;
    if (ago !== null && ago < minutes(rules.cooldown_after_rejection ?? "1h")) block("recently_rejected");
  }
  // record thresholds
  if (s.payload.kind === "reference" && rules.allow_unmeasured !== true) hold("payload_unmeasured");
  const records = facts.countable ? facts.records : null;
  const limits = rules.require_approval_over ?? rules.auto_approve_under;
  if (!facts.countable && limits !== undefined) holdContent("records_not_measured");
  if (
    records !== null &&
    rules.require_approval_over !== undefined &&
    records > rules.require_approval_over
  ) {
    hold("record_threshold_exceeded");
  }
  const yes =
    records !== null && rules.auto_approve_under !== undefined && records <= rules.auto_approve_under;
  // risk
  const levels = ["low", "medium", "high", "critical", "never"];
  if (risk.level >= levels.indexOf(rules.risk?.block_at ?? "never")) block("risk_too_high");
  else if (risk.level >= levels.indexOf(rules.risk?.hold_at ?? "high")) hold("risk_needs_review");
  // default
  if (!yes && findings.length === 0) hold("manual_review_required");
  return { findings, yes };
}

function fieldsFail(checks: readonly WrittenCheck[], s: Situation): boolean {
  const { payload, request: proposal } = s;
  let found: readonly Readonly<Record<string, unknown>>[];
  if (payload.kind === "json" || payload.kind === "csv") found = payload.rows.map((row) => ({ ...row }));
  // Without a payload, a typed action's metadata is what would be written.
  else if (payload.kind === "none" && isWholeProfile(proposal)) found = [proposal.fields];
  else return true;
  return checks.some((check) =>
    found.some((row) => {
      const value = row[check.path] ?? null;
      const missing = value === null || (payload.kind === "csv" && value === "");
      if (missing || (check.required === true && value === "")) return check.required === true;
      if (check.max !== undefined && !(typeof value === "number" && value <= check.max)) return true;
      // A CSV cell is a text, whatever it means.
      const written = payload.kind === "csv" ? String(value) : value;
      return (
        check.max_length !== undefined && !(typeof written === "string" && written.length <= check.max_length)
      );
    }),
  );
}

function termIn(terms: readonly string[] | undefined, s: Situation): boolean {
  // A row is a text of its own; a term begins in one and ends in the next only where rows hold nothing but a text.
  const texts =
    s.payload.kind === "json" || s.payload.kind === "csv"
      ? s.payload.rows.map(({ name }) => name)
      : s.payload.kind === "none" && isWholeProfile(s.request)
        ? Object.values(s.request.fields)
        : [wordsOf(s).join(" ")];
  const joined =
    s.payload.kind === "json" && s.payload.rows.every(({ amount }) => amount === null)
      ? [texts.join(" ")]
      : [];
  return (terms ?? []).some((term) =>
    [...texts, ...joined].some((text) => ` ${text} `.includes(` ${term} `)),
  );
}

function piiIn(kinds: readonly string[] | undefined, words: readonly string[]): boolean {
  const looks: Record<string, (word: string) => boolean> = {
    email: (word) => word.includes("@"),
    card: (word) => /^\d{16}$/.test(word),
  };
  return (kinds ?? []).some((kind) => words.some((word) => looks[kind]?.(word) ?? false));
}

function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === "*" || pattern === name) return true;
    if (!pattern.endsWith(".*")) return false;
    const system = pattern.slice(0, -1);
    return name.startsWith(system) && name !== system;
  });
}

function minutes(span: string): number {
  const amount = Number.parseInt(span, 10);
  return span.endsWith("h") ? amount * 60 : amount;
}
