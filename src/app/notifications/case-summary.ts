import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { ApprovalRequirements, Decision } from "../../core/policy/decision.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Risk } from "../../core/policy/risk.ts";
import { scrub } from "../../core/detection/pii/scrub.ts";
import type { IntentRecord } from "../../ports/intents.ts";

/**
 * What a message says of a case. Messages leave Gate and are read, forwarded and kept elsewhere: there is nothing of
 * the payload in here, what identifies a person is taken out, and what an agent chose is one line of visible text.
 * Who writes a message still escapes it for the place it goes to.
 */
export interface CaseSummary {
  readonly intent: string;
  readonly digest: string;
  readonly destination: string;
  readonly action: string;
  /** Method and URL of a request that Gate sends, its query left out; null: it sends none. */
  readonly request: string | null;
  /** The agent's name, as the operator registered it. */
  readonly agent: string;
  readonly risk: Risk;
  readonly records: number | null;
  readonly valueCents: number | null;
  readonly reasonCode: string;
  /** The policies' rules that held it, as `policy: rule`; the first few. */
  readonly heldBy: readonly string[];
  /** Milliseconds since the epoch; null: it waits without end. */
  readonly decideBy: number | null;
  readonly approval: ApprovalRequirements;
  readonly votes: number;
}

/** An agent picks destination and action freely; more than this is no name. */
const MAX_NAME_CHARACTERS = 120;

/** A URL that is longer is read on the page of the case. */
const MAX_REQUEST_CHARACTERS = 300;

/** More than these are longer than a message shows, and none of them is worth a look. */
const MAX_SEGMENTS = MAX_REQUEST_CHARACTERS;

/** More rules say no more, and a field of a message is short. */
const MAX_RULES = 3;

export function caseSummary(dossier: IntentRecord, agentName: string): CaseSummary {
  const { state } = dossier;
  const { terms } = state;
  return {
    intent: terms.id,
    digest: terms.digest,
    destination: oneLine(terms.destination, MAX_NAME_CHARACTERS),
    action: oneLine(terms.action, MAX_NAME_CHARACTERS),
    request: requestLine(dossier),
    agent: oneLine(agentName, MAX_NAME_CHARACTERS),
    risk: terms.risk,
    records: terms.records,
    valueCents: terms.valueCents,
    reasonCode: terms.reasonCode,
    heldBy: heldBy(dossier),
    decideBy: state.decideBy,
    approval: terms.approval,
    votes: state.votes.length,
  };
}

/** A query can hold all that a payload can, so of that there is only the word that there is one. */
export function requestLine({ case: record }: IntentRecord): string | null {
  const { http } = record === null ? {} : (JSON.parse(record.request) as Partial<ProposalRequest>);
  if (http === undefined) return null;
  const [address = "", query = ""] = http.url.split("?", 2);
  // One by one: what is taken out for one of them never takes the server's name with it.
  const segments = address.split("/", MAX_SEGMENTS).map((segment) => scrub(unescaped(segment)));
  return oneLine(`${http.method} ${segments.join("/")}${query === "" ? "" : "?…"}`, MAX_REQUEST_CHARACTERS);
}

/** As the server reads it: what identifies a person would not be found in escapes. */
function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Rules are named, and what they saw is not: that can quote the payload. */
function heldBy({ case: record }: IntentRecord): readonly string[] {
  if (record === null) return [];
  const { trace } = JSON.parse(record.decision) as Decision;
  const rules = trace
    .filter(({ outcome }) => outcome === "hold")
    .map(({ policy, rule }) => `${policy}: ${rule}`);
  return [...new Set(rules)].slice(0, MAX_RULES);
}

/** A line of a message: a name and what it says. */
export interface SummaryLine {
  readonly label: string;
  readonly value: string;
}

/** What people need to know before they open the case, in the order in which they ask. */
export function summaryLines(summary: CaseSummary): readonly SummaryLine[] {
  const { destination, action, request, agent, risk, records, valueCents, reasonCode, decideBy } = summary;
  return [
    { label: "Who", value: agent },
    { label: "What", value: action },
    { label: "Where", value: destination },
    ...(request === null ? [] : [{ label: "Sends", value: request }]),
    { label: "Risk", value: riskText(risk) },
    { label: "Records", value: records === null ? "unknown" : grouped(records) },
    ...(valueCents === null ? [] : [{ label: "Value", value: dollars(valueCents) }]),
    { label: "Held because", value: [reasonCode, ...summary.heldBy].join("; ") },
    { label: "Needs", value: needs(summary) },
    { label: "Decide by", value: decideBy === null ? "no deadline" : new Date(decideBy).toISOString() },
  ];
}

/** `system.action`, as operators name destinations. */
const PLAIN_NAME = /^[\w-]+\.[\w-]+$/;

/**
 * The same for mail and text messages, whose readers make links of whatever looks like an address: an agent that calls
 * its action `https://gate.example.net/login` would have Gate send it to the people whose word it wants.
 */
export function withoutLinks(summary: CaseSummary): CaseSummary {
  const { action, destination, request } = summary;
  const shown = PLAIN_NAME.test(destination) ? destination : broken(destination);
  return {
    ...summary,
    destination: shown,
    action: action === destination ? shown : broken(action),
    request: request === null ? null : broken(request),
  };
}

function broken(name: string): string {
  return name.replace(/[.:](?=\S)/g, "[$&]");
}

function riskText({ level, score, factors }: Risk): string {
  const why = factors.length === 0 ? "" : ` (${factors.join(", ")})`;
  return `${level}, ${(score / 100).toFixed(2)}${why}`;
}

function needs({ approval, votes }: CaseSummary): string {
  const { require, groups, people, minAssurance } = approval;
  const who = [...groups, ...people];
  const of = who.length === 0 ? "" : ` of ${who.join(", ")}`;
  const soFar = votes === 0 ? "" : `, ${votes} so far`;
  return `${require} ${require === 1 ? "approval" : "approvals"}${of}${soFar}; by ${minAssurance} or stronger`;
}

/** Where an intent stands, in a sentence; `nameOf` says what people call a person's id. */
export function statusText(state: IntentState, nameOf: (person: string) => string): string {
  const by = state.decidedBy === null ? "" : ` by ${oneLine(nameOf(state.decidedBy), MAX_NAME_CHARACTERS)}`;
  switch (state.phase) {
    case "pending_approval":
      return waitingText(state, nameOf);
    case "approved":
      return `Approved${by}. It has not been carried out yet.`;
    case "scheduled":
    case "claimed":
      return `Approved${by}. It is being carried out.`;
    case "succeeded":
      return `Approved${by}, and carried out.`;
    case "failed":
      return `Approved${by}; carrying it out failed.`;
    case "indeterminate":
      return `Approved${by}; whether it was carried out is not known.`;
    case "rejected":
      return `Rejected${by}.`;
    case "cancelled":
      return state.successor === null
        ? `Cancelled${by}.`
        : `Changed${by}: another intent has taken its place and is decided by itself.`;
    case "withdrawn":
      return "Withdrawn by the agent.";
    case "revoked":
      return "Revoked.";
    case "expired":
      return "Expired: it was not decided or carried out in time.";
    case "blocked":
      return "Blocked by policy.";
  }
}

function waitingText({ votes, rejections, terms }: IntentState, nameOf: (person: string) => string): string {
  const { require, rejections: deciding } = terms.approval;
  const names = votes.map(({ person }) => oneLine(nameOf(person), MAX_NAME_CHARACTERS));
  const yes = names.length === 0 ? "" : ` Approved by ${names.join(", ")}: ${names.length} of ${require}.`;
  const no = rejections.length === 0 ? "" : ` Rejected: ${rejections.length} of ${deciding}.`;
  return `Waiting for a decision.${yes}${no}`;
}

/**
 * Characters that are not seen, or that make others be seen elsewhere: direction overrides turn `exe.fdp` into
 * `pdf.exe` (CVE-2021-42574), line ends would start another line of the message.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Text that somebody else chose, scrubbed, on one line, everything in it visible. */
export function oneLine(text: string, maxCharacters: number): string {
  // Cut first: what is dropped costs nothing. Four times as much is enough for what scrubbing shortens.
  const start = Array.from(text.slice(0, maxCharacters * 8))
    .slice(0, maxCharacters * 4)
    .join("");
  const shown = scrub(start.replace(/[\s\u0085]+/gu, " "))
    .replace(UNSEEN, code)
    .trim();
  const characters = Array.from(shown);
  if (characters.length <= maxCharacters && start.length === text.length) return shown;
  return `${characters.slice(0, maxCharacters - 1).join("")}…`;
}

function code(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `[U+${point.toString(16).toUpperCase().padStart(4, "0")}]`;
}

function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function dollars(cents: number): string {
  const [whole = "0", part = "00"] = (cents / 100).toFixed(2).split(".");
  return `$${grouped(Number(whole))}.${part}`;
}
