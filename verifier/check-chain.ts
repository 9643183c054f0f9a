import type { JsonObject } from "../src/core/base/json.ts";
import type { Bundle, BundleEntry } from "./bundle.ts";
import { GENESIS, hashEntry } from "./entry.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { canonicalOf, member, readCanonical } from "./read-json.ts";
import type { StateHistory } from "./state-machine.ts";

/** Every entry's hash is the hash of what it says. */
export function checkHashes(entries: readonly BundleEntry[]): Finding {
  const edited = entries.find((entry) => hashEntry(entry) !== entry.hash);
  return edited === undefined
    ? holds("entry_hashes", `All ${entries.length} entries hash to what they claim.`)
    : fails("entry_hashes", `Entry ${edited.seq} (${quoted(edited.event)}) was edited: its hash is another.`);
}

/** One intent's entries, numbered from 1 without gaps, each naming the hash of the one before. */
export function checkChain({ intent, entries }: Bundle): Finding {
  let prev = GENESIS;
  for (const [at, entry] of entries.entries()) {
    const place = `Entry ${at + 1} of the bundle`;
    if (entry.intent !== intent) return fails("chain", `${place} belongs to another intent.`);
    if (entry.seq !== at + 1) {
      return fails(
        "chain",
        `${place} is number ${entry.seq} of its chain: entries are missing or out of order.`,
      );
    }
    if (entry.prev !== prev) return fails("chain", `${place} is not linked to the one before it.`);
    ({ hash: prev } = entry);
  }
  return entries.length === 0
    ? fails("chain", "There are no entries.")
    : holds("chain", `${entries.length} entries are linked without a gap, from the first on.`);
}

/** Bodies as objects; an unreadable one is empty, and `checkBodies` says so. */
export function bodiesOf(entries: readonly BundleEntry[]): readonly JsonObject[] {
  return entries.map(({ body }) => readCanonical(body) ?? {});
}

/** Every body has one reading, and names the same intent digest and the same policies as the first. */
export function checkBodies(entries: readonly BundleEntry[], bodies: readonly JsonObject[]): Finding {
  const [first = {}] = bodies;
  for (const [at, body] of bodies.entries()) {
    const entry = entries[at];
    const place = `Entry ${at + 1}`;
    if (entry === undefined || Object.keys(body).length === 0) {
      return fails("bodies", `${place} has a body that is not canonical JSON.`);
    }
    for (const name of ["intent_digest", "policy_hashes"]) {
      if (textOf(body, name) === null || textOf(body, name) !== textOf(first, name)) {
        return fails("bodies", `${place} names another ${name} than the proposal.`);
      }
    }
  }
  return holds("bodies", "Every entry names the same intent digest and the same policies.");
}

export function checkStates({ problem, unknown }: StateHistory): readonly Finding[] {
  const known =
    problem === null
      ? holds(
          "events",
          "Everything happened in an order that is allowed: nothing was executed unapproved, or twice.",
        )
      : fails("events", problem);
  if (unknown.length === 0) return [known];
  const kinds = [...new Set(unknown)].slice(0, 5).map(quoted).join(", ");
  return [
    known,
    notShown("unknown_events", `This verifier does not know what these entries mean: ${kinds}.`),
  ];
}

/** What the bundle says was decided is what the ledger says. */
export function checkDecision(
  { decision }: Bundle,
  entries: readonly BundleEntry[],
  bodies: readonly JsonObject[],
): Finding {
  const at = entries.findIndex(({ event }) => event === "policy_checked");
  const body = bodies[at];
  if (body === undefined) return fails("decision", "No entry says what policy decided.");
  const { outcome, reason_code: code } = decision;
  if (member(body, "outcome") !== outcome || member(body, "reason_code") !== code) {
    return fails("decision", "The decision shown is not the one on the ledger.");
  }
  const FOLLOWS = { approve: "approved", hold: "approval_requested", block: "blocked" } as const;
  return entries[at + 1]?.event === FOLLOWS[outcome]
    ? holds("decision", `Policy decided ${outcome} for the reason ${quoted(code)}, and that was done.`)
    : fails("decision", `Policy decided ${outcome}, and something else was done.`);
}

function textOf(body: JsonObject, name: string): string | null {
  const value = member(body, name);
  return value === undefined ? null : canonicalOf(value);
}
