import * as fc from "fast-check";
import type { Outcome } from "../../src/core/policy/decision.ts";
import type { CurrentBindings, IntentCommand } from "../../src/core/intent/command.ts";
import type { Assurance } from "../../src/core/identity/assurance.ts";
import type { IntentState, IntentTerms } from "../../src/core/intent/state.ts";
import { GATE } from "../../src/core/intent/event.ts";
import { nextDeadline } from "../../src/core/intent/settle.ts";
import {
  AGENT,
  approvalBy,
  DIGEST,
  inForceOf,
  MINUTE_MS,
  SUCCESSOR,
  T0,
  termsWith,
} from "./intent-fixtures.ts";
import type { Voter } from "../../src/core/identity/voter.ts";
import type { Executor } from "../../src/core/registry/executor.ts";

/*
 * Generators for random lives of intents. Most values are valid, so that lives get far; each other value is invalid in
 * one way.
 */

export interface Setup {
  readonly outcome: Outcome;
  readonly terms: IntentTerms;
}

const GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ["ana", ["finance"]],
  ["ben", ["finance", "legal"]],
  ["cleo", ["legal"]],
  ["dora", []],
  ["olaf", ["finance", "legal"]],
]);

export const OWNER = "olaf";

/** A person's groups as the oracle knows them, independent of the voter record. */
export function groupsOf(person: string): readonly string[] {
  return GROUPS.get(person) ?? [];
}

/** Mostly by hand; now and then a standing approval, or one who acts for another. */
const voters: fc.Arbitrary<Voter> = fc
  .record({
    person: fc.constantFrom("ana", "ben", "ben", "cleo", "cleo", "dora", "olaf"),
    key: fc.constantFrom(1, 2),
    assurance: fc.constantFrom<Assurance>("link", "slack", "key", "key", "sso", "passkey"),
    delegate: fc.constantFrom(null, null, null, null, "ana", "ben", "cleo", "dora", "olaf"),
    mandate: fc.constantFrom(null, null, null, "std_1", "std_2"),
  })
  .map(({ person, key, assurance, delegate, mandate }) => {
    const acting = delegate ?? person;
    const principal = `rev_${acting}_${key}`;
    return {
      principal,
      person,
      acting,
      handles: [principal, ...[person, acting].flatMap((name) => [name, `${name}@example.com`])],
      groups: groupsOf(person),
      assurance,
      mandate: acting === person ? mandate : `dlg_${person}_${acting}`,
    };
  });

/** Few, so that they are used again. */
const links = fc.constantFrom(null, null, null, null, "lnk_1", "lnk_2");

/** Usually nothing lapsed; else the principal or the mandate of an earlier vote, or one that never voted. */
const lapses = fc
  .constantFrom<null | "principal" | "mandate" | "nobody">(null, null, "principal", "mandate", "nobody")
  .map((what) => ({ votes }: IntentState): readonly string[] => {
    const [first] = votes;
    if (what === null) return [];
    const named = what === "nobody" ? "rev_gone" : first?.[what];
    return named ? [named] : [];
  });

const digests = fc.constantFrom(DIGEST, DIGEST, DIGEST, null, "d2".repeat(32));

const FRESH = inForceOf(termsWith());
const inForces = fc.constantFrom<CurrentBindings>(
  FRESH,
  FRESH,
  FRESH,
  FRESH,
  FRESH,
  FRESH,
  { ...FRESH, configHash: "c0".repeat(32) },
  { ...FRESH, policies: FRESH.policies.map(({ id }) => ({ id, hash: "b0".repeat(32) })) },
);

export function isFresh({ policies, configHash }: CurrentBindings): boolean {
  return JSON.stringify({ policies, configHash }) === JSON.stringify(FRESH);
}

const finance = { policy: "crm", require: 1, groups: ["finance"], people: [] };
const legal = { policy: "legal", require: 1, groups: ["legal"], people: ["dora"] };
const anybody = { policy: "crm", require: 1, groups: [], people: [] };

const STEPS = [
  { afterMinutes: 5, to: "leads" },
  { afterMinutes: 5, to: "cfo" },
  { afterMinutes: 100, to: "board" },
];

function moreOf<T extends { readonly carriedOut: unknown }>({ carriedOut: _, ...rest }: T) {
  return rest;
}

export const setups: fc.Arbitrary<Setup> = fc
  .record({
    outcome: fc.constantFrom<Outcome>("hold", "hold", "hold", "approve", "approve", "block"),
    quorums: fc.constantFrom(
      [anybody],
      [anybody],
      [{ ...anybody, require: 2 }],
      [finance, legal],
      [{ ...finance, require: 2 }, legal],
    ),
    minAssurance: fc.constantFrom<Assurance>("link", "slack", "sso"),
    carriedOut: fc.constantFrom<Pick<IntentTerms, "executor" | "sending">>(
      { executor: null, sending: null },
      { executor: null, sending: null },
      { executor: "runner", sending: null },
      { executor: "runner", sending: null },
      { executor: "external_pull", sending: null },
      { executor: "gate", sending: "by_gate" },
      { executor: "forward", sending: "by_gate" },
      { executor: "forward", sending: "on_repeat" },
    ),
    runners: fc.constantFrom<readonly string[]>([], ["run_1", "run_2"]),
    claimRequired: fc.boolean(),
    idempotent: fc.boolean(),
    onNoResponse: fc.constantFrom<IntentTerms["onNoResponse"]>(
      "reject",
      "defer",
      "escalate",
      "auto_approve_if_low_risk",
    ),
    heldByContent: fc.boolean(),
    level: fc.constantFrom<IntentTerms["risk"]["level"]>("low", "low", "medium"),
    decideInMinutes: fc.constantFrom(1, 60, 60, 4 * 24 * 60),
    rejections: fc.constantFrom(1, 1, 2, 3),
    edit: fc.constantFrom<IntentTerms["edit"]>(
      { allow: true, editorMayApprove: false },
      { allow: false, editorMayApprove: false },
    ),
    escalate: fc.constantFrom<IntentTerms["escalate"]>([], STEPS),
    windowMinutes: fc.constantFrom(0, 10, 60, 60),
  })
  .map(({ outcome, quorums, minAssurance, rejections, level, decideInMinutes, windowMinutes, ...more }) => ({
    outcome,
    terms: termsWith({
      ...more.carriedOut,
      ...moreOf(more),
      outcome,
      approval: { ...approvalBy(...quorums), minAssurance, rejections },
      excluded: [AGENT, OWNER, `${OWNER}@example.com`],
      risk: { score: 0, level, factors: [] },
      decideBy: T0 + decideInMinutes * MINUTE_MS,
      executionWindowMs: windowMinutes * MINUTE_MS,
    }),
  }));

/** One step of a life: when it happens is chosen against the state at that time, so that deadlines are hit exactly. */
export interface Step {
  readonly wait: Wait;
  readonly command: (state: IntentState) => IntentCommand;
}

type Wait = number | "just before the deadline" | "at the deadline" | "just after the deadline";

export function instantOf(wait: Wait, state: IntentState, now: number): number {
  if (typeof wait === "number") return now + wait;
  const deadline = nextDeadline(state) ?? now + MINUTE_MS;
  const shift = wait === "at the deadline" ? 0 : wait === "just after the deadline" ? 1 : -1;
  return Math.max(now, deadline + shift);
}

const waits = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom<Wait>(0, 0, 1, 1000, MINUTE_MS) },
  { weight: 1, arbitrary: fc.constantFrom<Wait>(6 * MINUTE_MS, 16 * MINUTE_MS, 61 * MINUTE_MS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Wait>(
      "just before the deadline",
      "at the deadline",
      "just after the deadline",
    ),
  },
);

/** Mostly the latest order; sometimes an earlier, a later or none. */
const orderIds = fc
  .constantFrom<"latest" | number>("latest", "latest", "latest", "latest", "latest", 0, 1, 2, 3, 4)
  .map((which) => (state: IntentState) => {
    const latest = state.orders.at(-1)?.id ?? "exe_none";
    return which === "latest" ? latest : `exe_${"A".repeat(43)}_${which}`;
  });

/** No caller is ever authenticated as `gate`; if one were, the name must give no privilege. */
const workers = fc.constantFrom(AGENT, AGENT, "run_1", "run_1", "run_2", "agt_2", "gate");
const notes = fc.constantFrom(null, "looks fine");

type Of<T extends IntentCommand["type"]> = Extract<IntentCommand, { type: T }>;

function commandsOf<T extends IntentCommand["type"], P extends object>(
  type: T,
  parts: fc.Arbitrary<P>,
  build: (parts: P, state: IntentState) => Omit<Of<T>, "type">,
): fc.Arbitrary<Step["command"]> {
  return parts.map((part) => (state: IntentState) => ({ type, ...build(part, state) }) as Of<T>);
}

function underClaim({ terms, orders }: IntentState): boolean {
  return terms.claimRequired || orders.at(-1)?.mode !== "runner";
}

/** Of the claim there is now, however it came about. */
function unclaimOf({ orders }: IntentState) {
  const latest = orders.at(-1);
  return { type: "unclaim" as const, order: latest?.id ?? "exe_none", undone: latest?.undone?.count ?? 0 };
}

/** The step a regular client would take next: without it few lives get past an approval. */
const sensible: fc.Arbitrary<Step["command"]> = fc
  .record({
    voter: voters,
    outcome: fc.constantFrom("succeeded", "failed", "failed", "indeterminate"),
    retryable: fc.boolean(),
    other: fc.boolean(),
  })
  .map(({ voter, outcome, retryable, other }) => (state: IntentState): IntentCommand => {
    const isGates = state.terms.sending !== null;
    const by = isGates ? GATE : (state.terms.runners[0] ?? AGENT);
    const latest = state.orders.at(-1)?.id ?? "exe_none";
    const report = {
      type: "report",
      order: latest,
      by,
      outcome,
      retryable,
      executedAt: null,
      result: null,
      proof: null,
    } as const;
    const claim = { type: "claim", order: latest, by, bindings: FRESH } as const;
    const order = {
      type: "order",
      agent: AGENT,
      mode: state.terms.executor ?? "runner",
      bindings: FRESH,
    } as const;
    const begin = { type: "begin", bindings: FRESH } as const;
    switch (state.phase) {
      case "pending_approval":
        if (state.silence !== undefined && other) {
          const notifiedAt = retryable ? null : T0;
          return { type: "confirm_silence", digest: DIGEST, upSince: T0, notifiedAt };
        }
        return {
          type: "approve",
          voter,
          digest: DIGEST,
          note: null,
          link: null,
          bindings: FRESH,
          lapsed: [],
        };
      case "claimed":
        if (isGates) return other ? unclaimOf(state) : report;
        return other ? { type: "heartbeat", order: latest, by } : report;
      case "scheduled":
        if (isGates) return begin;
        return other && !underClaim(state) ? report : claim;
      case "revoked":
        return report;
      default:
        return isGates ? begin : order;
    }
  });

const commands: fc.Arbitrary<Step["command"]> = fc.oneof(
  { weight: 30, arbitrary: sensible },
  {
    weight: 6,
    arbitrary: commandsOf(
      "approve",
      fc.record({
        voter: voters,
        digest: digests,
        note: notes,
        link: links,
        bindings: inForces,
        lapsed: lapses,
      }),
      (part, state) => ({ ...part, lapsed: part.lapsed(state) }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ id: orderIds, late: fc.constantFrom(0, 0, 0, 1, 2) })
      .map(({ id, late }) => (state: IntentState) => {
        const { undone } = unclaimOf(state);
        return { type: "unclaim" as const, order: id(state), undone: undone - late };
      }),
  },
  { weight: 6, arbitrary: commandsOf("begin", fc.record({ bindings: inForces }), (part) => part) },
  {
    weight: 3,
    arbitrary: commandsOf(
      "reject",
      fc.record({ voter: voters, digest: digests, note: notes, link: links }),
      (part) => part,
    ),
  },
  {
    weight: 1,
    arbitrary: commandsOf(
      "supersede",
      fc.record({
        voter: voters,
        digest: digests,
        note: notes,
        link: links,
        successor: fc.constantFrom(SUCCESSOR, SUCCESSOR, `int_${"C".repeat(43)}`),
      }),
      (part) => part,
    ),
  },
  { weight: 1, arbitrary: commandsOf("cancel", fc.record({ voter: voters, note: notes }), (part) => part) },
  {
    weight: 1,
    arbitrary: commandsOf("withdraw", fc.record({ agent: fc.constantFrom(AGENT, "agt_2") }), ({ agent }) => ({
      agent,
      note: null,
    })),
  },
  {
    weight: 1,
    arbitrary: commandsOf("revoke", fc.record({ note: notes }), ({ note }) => ({ by: "adm_1", note })),
  },
  {
    weight: 8,
    arbitrary: commandsOf(
      "order",
      fc.record({
        agent: fc.constantFrom(AGENT, AGENT, AGENT, AGENT, "agt_2"),
        mode: fc.constantFrom<Executor | null>(
          null,
          null,
          null,
          "runner",
          "gate",
          "forward",
          "external_pull",
        ),
        bindings: inForces,
      }),
      (part, state) => ({ ...part, mode: part.mode ?? state.terms.executor ?? "runner" }),
    ),
  },
  {
    weight: 6,
    arbitrary: commandsOf(
      "claim",
      fc.record({ id: orderIds, by: workers, bindings: inForces }),
      (part, state) => ({
        order: part.id(state),
        by: part.by,
        bindings: part.bindings,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: commandsOf("heartbeat", fc.record({ id: orderIds, by: workers }), ({ id, by }, state) => ({
      order: id(state),
      by,
    })),
  },
  {
    weight: 6,
    arbitrary: commandsOf(
      "report",
      fc.record({
        id: orderIds,
        by: workers,
        outcome: fc.constantFrom("succeeded", "failed", "failed", "indeterminate"),
        retryable: fc.boolean(),
      }),
      ({ id, by, outcome, retryable }, state) => ({
        order: id(state),
        by,
        outcome,
        retryable,
        executedAt: null,
        result: null,
        proof: null,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: commandsOf(
      "resolve",
      fc.record({
        voter: fc.option(voters, { nil: null }),
        outcome: fc.constantFrom("executed", "not_executed"),
      }),
      ({ voter, outcome }) => ({ by: voter?.principal ?? "adm_1", voter, outcome, note: "looked" }),
    ),
  },
  { weight: 1, arbitrary: fc.constant((): IntentCommand => ({ type: "tick" })) },
  {
    weight: 3,
    arbitrary: lapses.map((lapsed) => (state: IntentState): IntentCommand => {
      return { type: "recount", digest: DIGEST, lapsed: lapsed(state), standings: [] };
    }),
  },
  {
    weight: 2,
    arbitrary: commandsOf(
      "confirm_silence",
      fc.record({
        digest: fc.constantFrom(DIGEST, DIGEST, DIGEST, "d9".repeat(32)),
        upSince: fc.constantFrom(T0, T0, T0 + MINUTE_MS, T0 + 5 * MINUTE_MS, null),
        notifiedAt: fc.constantFrom(T0, T0, T0 + MINUTE_MS, T0 + 50 * MINUTE_MS, null),
      }),
      (part) => part,
    ),
  },
);

export const lives = fc.array(fc.record({ wait: waits, command: commands }), { maxLength: 30, size: "max" });
