import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { ApprovalRequirements, Decision } from "../../core/policy/decision.ts";
import type { Risk } from "../../core/policy/risk.ts";
import { unknownFacts } from "../../core/proposal/doubt.ts";
import { scrub } from "../../core/detection/pii/scrub.ts";
import { amountText, dollars } from "../../core/presentation/amounts.ts";
import { describedCase } from "../../core/presentation/described.ts";
import { groupDigits } from "../../core/presentation/numbers.ts";
import { reasonWords } from "../../core/presentation/reason-words.ts";
import type { DescribedCase } from "../../core/presentation/sentence.ts";
import type { IntentRecord } from "../../ports/intents.ts";
import { MAX_NAME_CHARACTERS, oneLine } from "./one-line.ts";

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
  /** For its sentence; the names in it are those of the other fields. */
  readonly described: DescribedCase;
  /** The person who wrote the payload in place of the agent; null: the agent did. */
  readonly editor: string | null;
  readonly risk: Risk;
  readonly records: number | null;
  /** Why facts are unknown, as `records: two readings: 1 or 503 records; …`. */
  readonly unknown: readonly string[];
  readonly valueCents: number | null;
  readonly reasonCode: string;
  /** The rules that held it, as `policy: rule`; at most `MAX_RULES`. */
  readonly heldBy: readonly string[];
  /** Milliseconds since the epoch; null: the hold has no deadline. */
  readonly decideBy: number | null;
  readonly approval: ApprovalRequirements;
  readonly votes: number;
}

/** A longer URL is cut; the case's page shows all of it. */
const MAX_REQUEST_CHARACTERS = 300;

/** Bounds the work of scrubbing: later segments lie beyond what a message shows. */
const MAX_SEGMENTS = MAX_REQUEST_CHARACTERS;

/** A message's field is short; the case's page lists all rules. */
const MAX_RULES = 3;

export function caseSummary(intentRecord: IntentRecord, agentName: string): CaseSummary {
  const { state, case: record } = intentRecord;
  const { terms } = state;
  const decision = record === null ? null : (JSON.parse(record.decision) as Decision);
  return {
    intent: terms.id,
    digest: terms.digest,
    destination: oneLine(terms.destination, MAX_NAME_CHARACTERS),
    action: oneLine(terms.action, MAX_NAME_CHARACTERS),
    request: requestLine(intentRecord),
    described: describedCase(state, decision?.facts ?? null, requestOf(intentRecord), agentName),
    agent: oneLine(agentName, MAX_NAME_CHARACTERS),
    editor: terms.editor === null ? null : oneLine(terms.editor, MAX_NAME_CHARACTERS),
    risk: terms.risk,
    records: terms.records,
    unknown: unknownIn(decision),
    valueCents: terms.valueCents,
    reasonCode: terms.reasonCode,
    heldBy: heldBy(decision),
    decideBy: state.decideBy,
    approval: terms.approval,
    votes: state.votes.length,
  };
}

/** Method and URL for a message. A query can contain the payload's data, so `?…` replaces it. */
export function requestLine(record: IntentRecord): string | null {
  const { http } = requestOf(record);
  if (http === undefined) return null;
  const [address = "", query = ""] = http.url.split("?", 2);
  // Segment by segment, so that scrubbing one can't remove the host name too.
  const segments = address.split("/", MAX_SEGMENTS).map((segment) => scrub(percentDecoded(segment)));
  return oneLine(`${http.method} ${segments.join("/")}${query === "" ? "" : "?…"}`, MAX_REQUEST_CHARACTERS);
}

function requestOf({ case: record }: IntentRecord): Pick<ProposalRequest, "http"> {
  return record === null ? {} : (JSON.parse(record.request) as ProposalRequest);
}

/** Percent-decoded as the server does, because `scrub` would miss encoded personal data. */
function percentDecoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Reasons and numbers of readings, but no text of the payload. */
function unknownIn(decision: Decision | null): readonly string[] {
  return unknownFacts(decision?.facts.doubts).map(({ fact, text }) => `${fact}: ${text}`);
}

/** The rules' names without their details, which can quote the payload. */
function heldBy(decision: Decision | null): readonly string[] {
  const rules = (decision?.trace ?? [])
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
  const { destination, action, request, agent, editor, risk, records, reasonCode, decideBy } = summary;
  return [
    { label: "Agent", value: editor === null ? agent : `${agent}; payload written by ${editor}` },
    { label: "Action", value: action },
    { label: "Destination", value: destination },
    ...(request === null ? [] : [{ label: "Request", value: request }]),
    { label: "Risk", value: riskText(risk) },
    { label: "Records", value: records === null ? "unknown" : groupDigits(records) },
    ...valueLine(summary),
    {
      label: "Held because",
      value: [`${reasonWords(reasonCode)} (${reasonCode})`, ...summary.heldBy].join("; "),
    },
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

/** In its own currency; nothing where no amount is known, which the unknown facts explain. */
function valueLine({ valueCents, described }: CaseSummary): readonly SummaryLine[] {
  const foreign = described.totals.some(({ currency }) => currency !== "USD");
  if (foreign) {
    const sums = described.totals.map(({ currency, minor }) => amountText(minor, currency));
    return [{ label: "Value", value: sums.join(", ") }];
  }
  return valueCents === null ? [] : [{ label: "Value", value: dollars(valueCents) }];
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
