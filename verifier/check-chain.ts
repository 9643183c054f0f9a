import type { JsonObject } from "../src/core/base/json.ts";
import type { Bundle, BundleEntry } from "./bundle.ts";
import { GENESIS, hashEntry } from "./entry.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { canonicalOf, member, readCanonical } from "./read-json.ts";
import type { StateHistory } from "./state-machine.ts";

/** Checks that every entry's hash is the hash of its content. */
export function checkHashes(entries: readonly BundleEntry[]): Finding {
  const edited = entries.find((entry) => hashEntry(entry) !== entry.hash);
  return edited === undefined
    ? holds("entry_hashes", `All ${entries.length} entries have the hash that they state.`)
    : fails(
        "entry_hashes",
        `Entry ${edited.seq} (${quoted(edited.event)}) was edited: its hash does not match.`,
      );
}

/** Checks that all entries are one intent's, numbered from 1 without gaps, and linked by hash. */
export function checkChain({ intent, entries }: Bundle): Finding {
  let prev = GENESIS;
  for (const [at, entry] of entries.entries()) {
    const label = `Entry ${at + 1} of the bundle`;
    if (entry.intent !== intent) return fails("chain", `${label} belongs to another intent.`);
    if (entry.seq !== at + 1) {
      return fails(
        "chain",
        `${label} is number ${entry.seq} of its chain: entries are missing or out of order.`,
      );
    }
    if (entry.prev !== prev) return fails("chain", `${label} is not linked to the one before it.`);
    ({ hash: prev } = entry);
  }
  return entries.length === 0
    ? fails("chain", "There are no entries.")
    : holds("chain", `${entries.length} entries are linked without a gap, from the first on.`);
}

/** Parses the bodies; an invalid one becomes `{}`, which `checkBodies` reports. */
export function bodiesOf(entries: readonly BundleEntry[]): readonly JsonObject[] {
  return entries.map(({ body }) => readCanonical(body) ?? {});
}

/**
 * Checks that every body is canonical and names the intent digest and policies of the last evaluation before it: the
 * proposal's, or one under changed rules, which names the digest that it replaces.
 */
export function checkBodies(entries: readonly BundleEntry[], bodies: readonly JsonObject[]): Finding {
  let [evaluated = {}] = bodies;
  for (const [at, body] of bodies.entries()) {
    const entry = entries[at];
    const label = `Entry ${at + 1}`;
    if (entry === undefined || Object.keys(body).length === 0) {
      return fails("bodies", `${label} has a body that is not canonical JSON.`);
    }
    if (entry.event === "policy_rechecked") {
      if (textOf(body, "previous_digest") !== textOf(evaluated, "intent_digest")) {
        return fails("bodies", `${label} replaces another intent_digest than the one before it.`);
      }
      evaluated = body;
    }
    for (const name of ["intent_digest", "policy_hashes", "v"]) {
      const text = textOf(evaluated, name);
      if ((text === null && name !== "v") || textOf(body, name) !== text) {
        return fails("bodies", `${label} names another ${name} than the evaluation before it.`);
      }
    }
  }
  return holds("bodies", "Every entry names the intent digest and the policies of the evaluation before it.");
}

export function checkStates({ problem, unknown }: StateHistory): readonly Finding[] {
  const known =
    problem === null
      ? holds(
          "events",
          "Every event is an allowed transition: nothing was executed without approval, or twice.",
        )
      : fails("events", problem);
  if (unknown.length === 0) return [known];
  const kinds = [...new Set(unknown)].slice(0, 5).map(quoted).join(", ");
  return [
    known,
    notShown("unknown_events", `This verifier does not know what these entries mean: ${kinds}.`),
  ];
}

/** Checks that the bundle's decision is the one on the ledger, and that the next entry follows from it. */
export function checkDecision(
  { decision }: Bundle,
  entries: readonly BundleEntry[],
  bodies: readonly JsonObject[],
): Finding {
  const at = entries.findIndex(({ event }) => event === "policy_checked");
  const body = bodies[at];
  if (body === undefined) return fails("decision", "No entry records the policy decision.");
  const { outcome, reason_code: code } = decision;
  if (member(body, "outcome") !== outcome || member(body, "reason_code") !== code) {
    return fails("decision", "The decision shown is not the one on the ledger.");
  }
  const NEXT_EVENT = { approve: "approved", hold: "approval_requested", block: "blocked" } as const;
  return entries[at + 1]?.event === NEXT_EVENT[outcome]
    ? holds(
        "decision",
        `The policy verdict was ${outcome} with the reason ${quoted(code)}, and the next entry follows from it.`,
      )
    : fails("decision", `The policy verdict was ${outcome}, and the next entry contradicts it.`);
}

function textOf(body: JsonObject, name: string): string | null {
  const value = member(body, name);
  return value === undefined ? null : canonicalOf(value);
}
