import type { JsonObject } from "../../src/core/base/json.ts";
import type { Bundle, BundleEntry } from "../../verifier/bundle.ts";
import { verdictOf, type Finding } from "../../verifier/finding.ts";
import { member, numberMember, readCanonical, textMember } from "../../verifier/read-json.ts";
import { count } from "../format.ts";
import { clipped } from "../sanitize-text.ts";

export type StoryLine = readonly [label: string, words: string];

/** Long enough for a name and a reason each, short enough for a line of a terminal. */
const MAX_WORDS = 160;

/**
 * What happened to one intent, as its evidence tells it: always the same eight lines, so that nothing goes unsaid. Names
 * are what the server calls the ids of the entries.
 */
export function storyOf(bundle: Bundle, findings: readonly Finding[]): readonly StoryLine[] {
  const events = bundle.entries.map((entry) => ({ entry, body: readCanonical(entry.body) ?? {} }));
  const story = { bundle, events, name: namer(bundle) };
  const lines: readonly StoryLine[] = [
    ["agent", agent(story)],
    ["what", what(story)],
    ["why", why(story)],
    ["decided", decided(story)],
    ["when", when(story)],
    ["sent", sent(story)],
    ["outcome", outcomeWords(story)],
    ["verified", verified(findings)],
  ];
  return lines.map(([label, words]) => [label, clipped(words, MAX_WORDS)]);
}

interface Recorded {
  readonly entry: BundleEntry;
  readonly body: JsonObject;
}

interface Story {
  readonly bundle: Bundle;
  readonly events: readonly Recorded[];
  name(id: string | null): string;
}

/** A name with its id; the id alone where the server has none. */
function namer({ names = [] }: Bundle): Story["name"] {
  const known = new Map(names.map(({ id, name }) => [id, name]));
  return (id) => {
    if (id === null) return "unknown";
    if (id === "gate") return "Gate";
    const name = known.get(id);
    return name === undefined ? id : `${name} (${id})`;
  };
}

function last({ events }: Story, ...types: readonly string[]): Recorded | undefined {
  return events.findLast(({ entry }) => types.includes(entry.event));
}

function all({ events }: Story, type: string): readonly Recorded[] {
  return events.filter(({ entry }) => entry.event === type);
}

function agent(story: Story): string {
  const [first] = story.events;
  if (first === undefined) return "unknown: the evidence has no entries";
  const editor = textMember(first.body, "editor");
  const who = story.name(textMember(first.body, "agent") ?? first.entry.actor);
  return editor === null ? who : `${who}, edited by ${story.name(editor)}`;
}

function what(story: Story): string {
  const [first] = story.events;
  const checked = last(story, "policy_rechecked", "policy_checked");
  const destination = first === undefined ? "unknown" : (textMember(first.body, "destination") ?? "unknown");
  const records = checked === undefined ? null : numberMember(checked.body, "records");
  const { disclosed, erased } = story.bundle;
  const file = disclosed?.payload?.name;
  const parts = [
    records === null
      ? "a number of records that is not known"
      : `${count(records)} ${records === 1 ? "record" : "records"}`,
    ...(file === null || file === undefined ? [] : [file]),
    ...(erased ? ["erased since"] : []),
  ];
  return `${destination}: ${parts.join(", ")}`;
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  approve: "approved by policy",
  hold: "held",
  block: "blocked",
};

function why(story: Story): string {
  const checked = last(story, "policy_rechecked", "policy_checked");
  if (checked === undefined) return "not evaluated";
  const outcome = textMember(checked.body, "outcome") ?? "unknown";
  const rules = member(checked.body, "rules");
  const decisive = (Array.isArray(rules) ? rules : [])
    .filter((rule) => typeof rule === "object" && rule !== null && !Array.isArray(rule))
    .map((rule) => rule as JsonObject)
    .filter((rule) => textMember(rule, "outcome") === outcome)
    .map((rule) => `${textMember(rule, "policy") ?? "?"}: ${textMember(rule, "rule") ?? "?"}`);
  const again = checked.entry.event === "policy_rechecked" ? ", under changed rules" : "";
  const by = decisive.length === 0 ? "" : ` (${decisive.join("; ")})`;
  return `${OUTCOME_WORDS[outcome] ?? outcome}${again}: ${textMember(checked.body, "reason_code") ?? "no reason"}${by}`;
}

const DECISIONS = [
  "approved",
  "rejected",
  "cancelled",
  "withdrawn",
  "superseded",
  "revoked",
  "expired",
  "blocked",
];

function decided(story: Story): string {
  const end = last(story, ...DECISIONS);
  if (end === undefined) return "nobody yet: it waits";
  const { event } = end.entry;
  if (event === "approved") {
    const votes = countedVotes(story);
    if (votes.length > 0) return `approved by ${votes.map((vote) => voter(story, vote)).join(" and ")}`;
    return "approved by policy, without a person";
  }
  if (event === "blocked") return "blocked by policy, without a person";
  if (event === "expired") return "nobody: it expired";
  return `${event} by ${voter(story, end)}`;
}

/** Votes that still counted at the end: an evaluation under changed rules ends all, a withdrawal that person's. */
function countedVotes({ events }: Story): readonly Recorded[] {
  const votes = new Map<string, Recorded>();
  for (const recorded of events) {
    const person = textMember(recorded.body, "person") ?? recorded.entry.actor;
    if (recorded.entry.event === "policy_rechecked") votes.clear();
    if (recorded.entry.event === "approval_vote_withdrawn") votes.delete(person);
    if (recorded.entry.event === "approval_vote_recorded") votes.set(person, recorded);
  }
  return [...votes.values()];
}

/** Who acted, in whose place, and what they said. */
function voter(story: Story, { entry, body }: Recorded): string {
  const person = textMember(body, "person") ?? textMember(body, "by");
  const acting = textMember(body, "acting") ?? person;
  const note = story.bundle.disclosed?.notes.find(({ seq, kind }) => seq === entry.seq && kind === "note");
  const delegated = person !== null && acting !== person ? ` for ${story.name(person)}` : "";
  const words = note === undefined ? "" : `: “${note.text}”`;
  return `${story.name(acting ?? entry.actor)}${delegated}${words}`;
}

function when(story: Story): string {
  const first = story.events.at(0)?.entry.at;
  if (first === undefined) return "unknown";
  const end = last(story, ...DECISIONS)?.entry;
  const done = last(story, ...OUTCOMES)?.entry;
  const parts = [`proposed ${timeOf(first)}`];
  if (end !== undefined) parts.push(`${end.event} ${timeOf(end.at)}`);
  if (done !== undefined) parts.push(`done ${timeOf(done.at)}`);
  return `${parts.join(", ")} (UTC)`;
}

function timeOf(at: number): string {
  const date = new Date(at);
  // A time in hostile evidence may be beyond what a date can hold.
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().slice(0, 19).replace("T", " ");
}

function sent(story: Story): string {
  const orders = all(story, "execution_requested");
  const order = orders.at(-1);
  if (order === undefined) return "nothing: no order was issued";
  const claims = all(story, "execution_claimed").length;
  const by =
    textMember(order.body, "mode") === "gate"
      ? "by Gate"
      : `by ${story.name(textMember(order.body, "issued_to"))}`;
  const digest = story.bundle.disclosed?.payload?.digest;
  const bytes = digest === null || digest === undefined ? "" : `, payload SHA-256 ${digest.slice(0, 16)}…`;
  const times = orders.length === 1 ? "one order" : `${orders.length} orders, one after the other`;
  return `${by}, ${times}${claims === 0 ? "" : `, claimed`}${bytes}`;
}

const OUTCOMES = ["execution_succeeded", "execution_failed", "execution_indeterminate", "outcome_resolved"];

function outcomeWords(story: Story): string {
  const end = last(story, ...OUTCOMES);
  if (end === undefined) {
    return last(story, "execution_requested") === undefined ? "nothing was carried out" : "not reported yet";
  }
  const { entry, body } = end;
  if (entry.event === "outcome_resolved") {
    const found = textMember(body, "outcome") === "executed" ? "carried out" : "not carried out";
    return `${found}, as ${story.name(textMember(body, "by"))} found out`;
  }
  const words = entry.event.replace("execution_", "");
  const proof = textMember(body, "proof") === null ? "" : ", signed by the worker";
  const late = textMember(body, "why");
  return `${words}, ${late === null || late === "reported" ? `reported by ${story.name(textMember(body, "by"))}` : late.replace("_", " ")}${proof}`;
}

function verified(findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === "fails");
  switch (verdictOf(findings)) {
    case "proven":
      return "yes: every entry is in the log that your key signed; names are the server's, ids the log's";
    case "broken":
      return `NO, ${failed.length} of ${findings.length} checks failed: ${failed[0]?.words ?? ""}`;
    case "incomplete": {
      const open = findings.find(({ status }) => status === "not_shown");
      return `not shown: ${open?.words ?? "the evidence is not enough for a proof"}`;
    }
  }
}
