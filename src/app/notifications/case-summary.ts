import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { ApprovalRequirements, Decision } from "../../core/policy/decision.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Risk } from "../../core/policy/risk.ts";
import { scrub } from "../../core/detection/pii/scrub.ts";
import type { IntentRecord } from "../../ports/intents.ts";

/**
 * The content of a message about a case. Messages leave Gate and are forwarded and stored elsewhere, so this holds no
 * part of the payload, personal data is scrubbed, and text that an agent chose is one line of visible characters.
 * Each channel still escapes it for its own format.
 */
export interface CaseSummary {
  readonly intent: string;
  readonly digest: string;
  readonly destination: string;
  readonly action: string;
  /** Method and URL, without its query, of the request that Gate sends; null: Gate sends none. */
  readonly request: string | null;
  /** The agent's registered name. */
  readonly agent: string;
  readonly risk: Risk;
  readonly records: number | null;
  readonly valueCents: number | null;
  readonly reasonCode: string;
  /** The rules that held it, as `policy: rule`; at most `MAX_RULES`. */
  readonly heldBy: readonly string[];
  /** Milliseconds since the epoch; null: the hold has no deadline. */
  readonly decideBy: number | null;
  readonly approval: ApprovalRequirements;
  readonly votes: number;
}

/** An agent chooses destination and action freely; a longer text is cut. */
const MAX_NAME_CHARACTERS = 120;

/** A longer URL is cut; the case's page shows all of it. */
const MAX_REQUEST_CHARACTERS = 300;

/** Bounds the work of scrubbing: later segments lie beyond what a message shows. */
const MAX_SEGMENTS = MAX_REQUEST_CHARACTERS;

/** A message's field is short; the case's page lists all rules. */
const MAX_RULES = 3;

export function caseSummary(intentRecord: IntentRecord, agentName: string): CaseSummary {
  const { state } = intentRecord;
  const { terms } = state;
  return {
    intent: terms.id,
    digest: terms.digest,
    destination: oneLine(terms.destination, MAX_NAME_CHARACTERS),
    action: oneLine(terms.action, MAX_NAME_CHARACTERS),
    request: requestLine(intentRecord),
    agent: oneLine(agentName, MAX_NAME_CHARACTERS),
    risk: terms.risk,
    records: terms.records,
    valueCents: terms.valueCents,
    reasonCode: terms.reasonCode,
    heldBy: heldBy(intentRecord),
    decideBy: state.decideBy,
    approval: terms.approval,
    votes: state.votes.length,
  };
}

/** Method and URL for a message. A query can contain the payload's data, so `?…` replaces it. */
export function requestLine({ case: record }: IntentRecord): string | null {
  const { http } = record === null ? {} : (JSON.parse(record.request) as Partial<ProposalRequest>);
  if (http === undefined) return null;
  const [address = "", query = ""] = http.url.split("?", 2);
  // Segment by segment, so that scrubbing one can't remove the host name too.
  const segments = address.split("/", MAX_SEGMENTS).map((segment) => scrub(percentDecoded(segment)));
  return oneLine(`${http.method} ${segments.join("/")}${query === "" ? "" : "?…"}`, MAX_REQUEST_CHARACTERS);
}

/** Percent-decoded as the server does, because `scrub` would miss encoded personal data. */
function percentDecoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The rules' names without their details, which can quote the payload. */
function heldBy({ case: record }: IntentRecord): readonly string[] {
  if (record === null) return [];
  const { trace } = JSON.parse(record.decision) as Decision;
  const rules = trace
    .filter(({ outcome }) => outcome === "hold")
    .map(({ policy, rule }) => `${policy}: ${rule}`);
  return [...new Set(rules)].slice(0, MAX_RULES);
}

/** One labelled line of a message. */
export interface SummaryLine {
  readonly label: string;
  readonly value: string;
}

/** The lines by which approvers judge the case before they open it. */
export function summaryLines(summary: CaseSummary): readonly SummaryLine[] {
  const { destination, action, request, agent, risk, records, valueCents, reasonCode, decideBy } = summary;
  return [
    { label: "Agent", value: agent },
    { label: "Action", value: action },
    { label: "Destination", value: destination },
    ...(request === null ? [] : [{ label: "Request", value: request }]),
    { label: "Risk", value: riskText(risk) },
    { label: "Records", value: records === null ? "unknown" : groupDigits(records) },
    ...(valueCents === null ? [] : [{ label: "Value", value: dollars(valueCents) }]),
    { label: "Held because", value: [reasonCode, ...summary.heldBy].join("; ") },
    { label: "Needs", value: requirementText(summary) },
    { label: "Decide by", value: decideBy === null ? "no deadline" : new Date(decideBy).toISOString() },
  ];
}

/** `system.action`, as operators name destinations. */
const PLAIN_NAME = /^[\w-]+\.[\w-]+$/;

/**
 * The same for e-mail and text messages, whose clients turn address-like text into links: an agent that names its
 * action `https://gate.example.net/login` would have Gate send a phishing link to its own approvers.
 */
export function withoutLinks(summary: CaseSummary): CaseSummary {
  const { action, destination, request } = summary;
  const shown = PLAIN_NAME.test(destination) ? destination : defanged(destination);
  return {
    ...summary,
    destination: shown,
    action: action === destination ? shown : defanged(action),
    request: request === null ? null : defanged(request),
  };
}

function defanged(name: string): string {
  return name.replace(/[.:](?=\S)/g, "[$&]");
}

function riskText({ level, score, factors }: Risk): string {
  const why = factors.length === 0 ? "" : ` (${factors.join(", ")})`;
  return `${level}, ${(score / 100).toFixed(2)}${why}`;
}

function requirementText({ approval, votes }: CaseSummary): string {
  const { require, groups, people, minAssurance } = approval;
  const who = [...groups, ...people];
  const of = who.length === 0 ? "" : ` of ${who.join(", ")}`;
  const soFar = votes === 0 ? "" : `, ${votes} so far`;
  return `${require} ${require === 1 ? "approval" : "approvals"}${of}${soFar}; by ${minAssurance} or stronger`;
}

/** The intent's status as one sentence for people; `nameOf` maps a person's id to a name. */
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
      return `Approved${by}. It is unknown whether it was carried out.`;
    case "rejected":
      return `Rejected${by}.`;
    case "cancelled":
      return state.successor === null
        ? `Cancelled${by}.`
        : `Edited${by}: a successor with the new payload replaces it and needs its own approval.`;
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
  const { require, rejections: rejectionsNeeded } = terms.approval;
  const names = votes.map(({ person }) => oneLine(nameOf(person), MAX_NAME_CHARACTERS));
  const yes = names.length === 0 ? "" : ` Approved by ${names.join(", ")}: ${names.length} of ${require}.`;
  const no = rejections.length === 0 ? "" : ` Rejected: ${rejections.length} of ${rejectionsNeeded}.`;
  return `Waiting for a decision.${yes}${no}`;
}

/**
 * Invisible characters, and those that reorder or break visible text: direction overrides show `exe.fdp` as `pdf.exe`
 * (CVE-2021-42574), line ends would start another line of the message.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Untrusted text, scrubbed, on one line, with every character visible, cut to `maxCharacters`. */
export function oneLine(text: string, maxCharacters: number): string {
  // Cut before scrubbing, to bound its cost; four times the limit leaves room for text that scrubbing shortens.
  const start = Array.from(text.slice(0, maxCharacters * 8))
    .slice(0, maxCharacters * 4)
    .join("");
  const shown = scrub(start.replace(/[\s\u0085]+/gu, " "))
    .replace(INVISIBLE, codePointLabel)
    .trim();
  const characters = Array.from(shown);
  if (characters.length <= maxCharacters && start.length === text.length) return shown;
  return `${characters.slice(0, maxCharacters - 1).join("")}…`;
}

function codePointLabel(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  return `[U+${point.toString(16).toUpperCase().padStart(4, "0")}]`;
}

function groupDigits(whole: number): string {
  return String(whole).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function dollars(cents: number): string {
  const [whole = "0", part = "00"] = (cents / 100).toFixed(2).split(".");
  return `$${groupDigits(Number(whole))}.${part}`;
}
