import type { Decision, Outcome } from "../../src/core/policy/decision.ts";
import { DAY_MS } from "../../src/core/policy/policy.ts";
import { connectionOf } from "../server-and-key.ts";
import { EXIT_FINDINGS, readOptions, WHO } from "./options.ts";
import type { CommandIo } from "../io.ts";
import { readRecordedFile } from "./recorded-file.ts";
import { reevaluate } from "./recorded.ts";
import type { RecordedIntent } from "./recorded.ts";
import { lineFor, readRuleFiles } from "./rule-files.ts";
import { fetchRecorded } from "./server.ts";
import { UsageError } from "../usage.ts";

export interface Change {
  readonly intent: string;
  readonly policy: string;
  readonly destination: string;
  readonly from: Outcome;
  readonly to: Outcome;
  readonly reasonFrom: string;
  readonly reasonTo: string;
}

export interface Replay {
  readonly decided: number;
  readonly unchanged: number;
  /** The same outcome, for another reason. */
  readonly otherReason: number;
  readonly notRedecidable: { readonly payload: number; readonly counters: number; readonly agent: number };
  /** Per policy and destination, in the order of their names. */
  readonly changes: readonly (Omit<Change, "intent" | "reasonFrom" | "reasonTo"> & {
    readonly count: number;
    readonly examples: readonly string[];
  })[];
  readonly days: number;
  /** Approval requests a day for each group, before and after. */
  readonly approvalsPerDay: readonly {
    readonly group: string;
    readonly before: number;
    readonly after: number;
  }[];
}

/** Intent ids shown for each change. */
const MAX_EXAMPLES = 3;

export async function runReplay(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  if (options.from !== null && options.connectionFlags.server !== undefined) {
    throw new UsageError("Name one source of the intents: --from FILE or --server URL.");
  }
  const { problems, rules } = readRuleFiles(options);
  for (const problem of problems) io.err(lineFor(problem));
  if (problems.length > 0) return EXIT_FINDINGS;
  const recorded =
    options.from === null
      ? await fetchRecorded(connectionOf(options.connectionFlags, WHO), options.limit, (intent) => {
          const again = reevaluate(rules, intent);
          return again.kind === "unknown" && again.missing === "payload";
        })
      : readRecordedFile(options.from);
  if (!recorded.ok) {
    io.err(recorded.error);
    return EXIT_FINDINGS;
  }
  const replayed = replay(recorded.value, (intent) => reevaluate(rules, intent));
  io.out(options.json ? JSON.stringify(replayed, null, 2) : replayText(replayed));
  return replayed.changes.length > 0 ? EXIT_FINDINGS : 0;
}

export function replay(
  intents: readonly RecordedIntent[],
  evaluate: (intent: RecordedIntent) => ReturnType<typeof reevaluate>,
): Replay {
  const changes = new Map<string, Replay["changes"][number] & { count: number; examples: string[] }>();
  const notRedecidable = { payload: 0, counters: 0, agent: 0 };
  const before = new Map<string, number>();
  const after = new Map<string, number>();
  let decided = 0;
  let unchanged = 0;
  let otherReason = 0;
  for (const intent of intents) {
    const again = evaluate(intent);
    if (again.kind === "unknown") {
      notRedecidable[again.missing] += 1;
      continue;
    }
    decided += 1;
    const { decision: now } = again;
    const then = intent.decision;
    countApprovals(before, then);
    countApprovals(after, now);
    if (now.outcome === then.outcome) {
      if (now.reasonCode === then.reasonCode) unchanged += 1;
      else otherReason += 1;
      continue;
    }
    const policy = now.policies[0]?.id ?? intent.request.policy;
    const { destination } = intent.request;
    const key = JSON.stringify([policy, destination, then.outcome, now.outcome]);
    const change = changes.get(key) ?? {
      policy,
      destination,
      from: then.outcome,
      to: now.outcome,
      count: 0,
      examples: [],
    };
    change.count += 1;
    if (change.examples.length < MAX_EXAMPLES) change.examples.push(intent.intentId);
    changes.set(key, change);
  }
  const days = daysOf(intents);
  const groups = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return {
    decided,
    unchanged,
    otherReason,
    notRedecidable,
    changes: [...changes.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change),
    days,
    approvalsPerDay: groups.map((group) => ({
      group,
      before: perDay(before.get(group), days),
      after: perDay(after.get(group), days),
    })),
  };
}

function countApprovals(counts: Map<string, number>, { outcome, approval }: Decision): void {
  if (outcome !== "hold") return;
  const named = [...approval.groups, ...approval.people];
  for (const group of named.length === 0 ? ["any reviewer"] : named) {
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
}

/** At least one day, so that an afternoon's intents are not extrapolated to a day. */
function daysOf(intents: readonly RecordedIntent[]): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { createdAt } of intents) {
    first = Math.min(first, createdAt);
    last = Math.max(last, createdAt);
  }
  return last > first ? Math.max(1, (last - first) / DAY_MS) : 1;
}

function perDay(count: number | undefined, days: number): number {
  return Math.round(((count ?? 0) / days) * 10) / 10;
}

function replayText(replayed: Replay): string {
  const { payload, counters, agent } = replayed.notRedecidable;
  const lines = [`${replayed.decided} intents evaluated again: ${replayed.unchanged} as before.`];
  if (replayed.otherReason > 0) lines.push(`${replayed.otherReason} change only their reason.`);
  if (payload > 0) {
    lines.push(`${payload} can't be evaluated again: the payload is gone, and a rule would read it.`);
  }
  if (counters > 0) {
    lines.push(`${counters} can't be evaluated again: a rule needs a counter that was not stored.`);
  }
  if (agent > 0) lines.push(`${agent} were outside their agent's scope, which no policy changes.`);
  for (const { policy, destination, from, to, count, examples } of replayed.changes) {
    lines.push(
      `  ${policy} ${destination}: ${count} × ${from} → ${to} (${examples.join(", ")}${count > examples.length ? ", …" : ""})`,
    );
  }
  if (replayed.changes.length === 0) lines.push("Nothing changes.");
  for (const { group, before, after } of replayed.approvalsPerDay) {
    const more = Math.round((after - before) * 10) / 10;
    lines.push(`  ${group}: ${after} approvals a day, ${before} before (${more >= 0 ? "+" : ""}${more})`);
  }
  return lines.join("\n");
}
