import { isJsonObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { isIntact, payloadOf, payloadWords, textOf, type CasePayload } from "./case-payload.ts";
import { Refused } from "../api.ts";
import type { ApprovalServer } from "./server.ts";
import { requestLines } from "./request.ts";
import { caseSentences } from "./sentence.ts";
import { runsText } from "./earlier.ts";
import { nameAndId } from "./names.ts";
import { clipped, hasRightToLeft, wrapIndented } from "../sanitize-text.ts";
import { count, dollars, duration } from "../format.ts";

/** An intent with everything that a person needs for the decision. */
export interface ApprovalCase {
  readonly id: string;
  readonly state: string;
  /** The intent digest, which every vote names. */
  readonly digest: string;
  readonly view: JsonObject;
  readonly decision: JsonObject;
  /** The measured facts; null: the stored decision has none. */
  readonly facts: JsonObject | null;
  readonly agent: JsonObject | null;
  readonly payload: CasePayload;
  /** False: the payload that the server sent does not have the intent's digest. */
  readonly isIntact: boolean;
}

const LABEL_COLUMNS = 11;

/** Voters or approvers in one line. */
const MAX_LISTED = 12;

export async function fetchCase(server: ApprovalServer, id: string): Promise<ApprovalCase> {
  const [view, decision] = await Promise.all([server.intent(id), server.decision(id)]);
  const agentId = textMember(view, "sender_agent_id");
  const [agent, answered] = await Promise.all([
    agentId === null ? null : unlessRefused(() => server.agent(agentId)),
    unlessRefused(() => server.payload(id)),
  ]);
  const facts = member(decision, "facts");
  const payload = payloadOf(answered);
  return {
    id,
    state: textMember(view, "state") ?? "unknown",
    digest: textMember(view, "intent_digest") ?? "",
    view,
    decision,
    facts: isJsonObject(facts) ? facts : null,
    agent: agent instanceof Refused ? null : agent,
    payload,
    isIntact: isIntact(payload, view),
  };
}

async function unlessRefused<T>(request: () => Promise<T>): Promise<T | Refused> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** The case as text. An agent's texts are sanitized and can't begin a line of their own (terminal injection). */
export function caseLines(found: ApprovalCase, now: number, columns: number | null): readonly string[] {
  const { id, state, digest, view, facts, agent } = found;
  const onBehalf = textMember(view, "on_behalf_of");
  const edit = editWords(view);
  const runs = runsText(view);
  const lines: readonly (readonly [label: string, words: string])[] = [
    ["what", actionText(view)],
    ...requestLines(view),
    ["who", `${agentText(view, agent)}${onBehalf === null ? "" : `, for "${clipped(onBehalf, 80)}"`}`],
    ...authorLine(view),
    ["records", records(facts, view)],
    ["value", value(facts, view)],
    ...unknownLines(view),
    ["risk", `${text(view, "risk_level")} ${numberMember(view, "risk_score") ?? "?"}${factors(view)}`],
    ["held by", `${policy(view)}: ${clipped(textMember(view, "reason") ?? "no reason stored", 400)}`],
    ["state", `${clipped(state, 40)}, ${clock(view, state, now)}`],
    ...(state === "indeterminate" ? [["resolve", resolving(id)] as const] : []),
    ...(runs === null ? [] : [["runs", runs] as const]),
    ["votes", votes(view)],
    ...(edit === null ? [] : [["edit", edit] as const]),
    ["payload", payloadWords(view, found.payload)],
    ...lettersLine(found),
    ["digest", clipped(digest, 64)],
  ];
  const shown = lines.map(
    ([label, words]) => `  ${label.padEnd(8)} ${wrapIndented(words, LABEL_COLUMNS, columns)}`,
  );
  const sentences = caseSentences(found).map((sentence) => `  ${wrapIndented(sentence, 2, columns)}`);
  return [clipped(id, 64), ...sentences, ...shown];
}

/** A reviewer who sees codes must know why, and where the text itself is. */
function lettersLine({ view, payload }: ApprovalCase): readonly (readonly [string, string])[] {
  const content = "missing" in payload ? null : textOf(payload.bytes);
  const isThere = hasRightToLeft(JSON.stringify(view)) || (content !== null && hasRightToLeft(content));
  return isThere ? [["letters", RIGHT_TO_LEFT_WORDS]] : [];
}

const RIGHT_TO_LEFT_WORDS =
  "some run from right to left: beside digits and signs they are shown by code, because a terminal may show the amounts between them in another order";

function resolving(id: string): string {
  const path = `/v1/intents/${clipped(id, 64)}/resolve`;
  return `check at the provider, then POST ${path} {"outcome": "executed" or "not_executed", "note": "…"}`;
}

function actionText(view: JsonObject): string {
  const [destination, action] = [text(view, "destination"), text(view, "action")];
  return action === destination ? destination : `${destination}, ${action}`;
}

/** The policies in force, which held it; the agent may have named another. */
function policy(view: JsonObject): string {
  const inForce = listMember(view, "policies").filter(isJsonObject);
  const ids = inForce.map((one) => textMember(one, "id") ?? "?");
  return clipped(ids.length > 0 ? ids.join(", ") : (textMember(view, "policy_id") ?? "?"), 120);
}

function records(facts: JsonObject | null, view: JsonObject): string {
  const counted = objectMember(facts, "records");
  if (counted === null) return count(numberMember(view, "estimated_records"));
  const parts = [
    `measured ${count(numberMember(counted, "measured"))}`,
    `declared ${count(numberMember(counted, "declared"))}`,
  ];
  return `${count(numberMember(counted, "effective"))} (${parts.join(", ")})`;
}

/** Why facts are unknown: `records: two readings: 1 or 503 records; …`. */
function unknownLines(view: JsonObject): readonly (readonly [label: string, words: string])[] {
  return listMember(view, "unknown")
    .filter(isJsonObject)
    .map((one) => ["unknown", `${text(one, "fact")}: ${clipped(textMember(one, "text") ?? "?", 300)}`]);
}

function value(facts: JsonObject | null, view: JsonObject): string {
  const money = objectMember(facts, "valueUsdCents");
  if (money === null) return dollars(numberMember(view, "estimated_value_usd"));
  const inDollars = (field: string) => {
    const cents = numberMember(money, field);
    return dollars(cents === null ? null : cents / 100);
  };
  const [measured, declared] = [inDollars("measured"), inDollars("declared")];
  return measured === declared ? measured : `measured ${measured}, declared ${declared}`;
}

/** The intent's predecessor with its editor, and its successor; null: it has neither. */
function editWords(view: JsonObject): string | null {
  const [before, after] = [textMember(view, "predecessor_id"), textMember(view, "successor_id")];
  const words = [
    ...(before === null ? [] : [`edited from ${clipped(before, 64)} by ${whoIn(view, view, "edited_by")}`]),
    ...(after === null ? [] : [`replaced by ${clipped(after, 64)}`]),
  ];
  return words.length === 0 ? null : words.join(", ");
}

function votes(view: JsonObject): string {
  const given = listMember(view, "votes").filter(isJsonObject);
  const approval = objectMember(view, "approval");
  const rejections = listMember(view, "rejections")
    .filter(isJsonObject)
    .map((one) => rejectionText(view, one));
  const people = given.map((vote) => {
    const [person, acting] = [whoIn(view, vote, "person"), whoIn(view, vote, "acting")];
    return `${person}, ${text(vote, "assurance")}${acting === person ? "" : `, given by ${acting}`}`;
  });
  const ids = (name: string) => listMember(approval, name).filter((id) => typeof id === "string");
  const from = [
    ...ids("groups").map((id) => clipped(id, 80)),
    ...ids("people").map((id) => nameAndId(view, id)),
  ];
  const assurance = approval === null ? null : textMember(approval, "minAssurance");
  return [
    `${given.length} of ${numberMember(view, "required_approvals") ?? 1}`,
    ...(people.length === 0 ? [] : [`by ${listed(people, "; ")}`]),
    ...rejections,
    ...(from.length === 0 ? [] : [`from ${listed(from, ", ")}`]),
    ...(assurance === null ? [] : [`assurance ${clipped(assurance, 20)} or stronger`]),
  ].join(", ");
}

/** @param words sanitized already */
function listed(words: readonly string[], separator: string): string {
  const more = words.length > MAX_LISTED ? `${separator}and ${words.length - MAX_LISTED} more` : "";
  return words.slice(0, MAX_LISTED).join(separator) + more;
}

const REJECTION_VERBS: Readonly<Record<string, string>> = { cancelled: "cancelled", revoked: "revoked" };

/** A person's no, with its reason. */
function rejectionText(view: JsonObject, rejection: JsonObject): string {
  const verb = REJECTION_VERBS[textMember(rejection, "event") ?? ""] ?? "rejected";
  const reason = textMember(rejection, "reason");
  return `${verb} by ${whoIn(view, rejection, "person")}${reason === null ? "" : `: ${clipped(reason, 200)}`}`;
}

function agentText(view: JsonObject, agent: JsonObject | null): string {
  const shown = whoIn(view, view, "sender_agent_id");
  if (agent === null) return shown;
  const owner = textMember(agent, "owner");
  return `${shown}${owner === null ? "" : `, owner ${clipped(owner, 80)}`}`;
}

/** A reviewer who edited the payload is its author; the agent only executes it. */
function authorLine(view: JsonObject): readonly (readonly [string, string])[] {
  const editor = textMember(view, "edited_by");
  return editor === null ? [] : [["author", `${nameAndId(view, editor)}, who edited the payload`]];
}

function factors(view: JsonObject): string {
  const named = listMember(view, "risk_factors").filter((factor) => typeof factor === "string");
  return named.length === 0 ? "" : `: ${clipped(named.join(", "), 200)}`;
}

function clock(view: JsonObject, state: string, now: number): string {
  const proposed = Date.parse(textMember(view, "created_at") ?? "");
  const deadline = Date.parse(textMember(view, "decide_by") ?? "");
  const age = Number.isNaN(proposed) ? "?" : duration(now - proposed);
  if (state !== "pending_approval") return `proposed ${age} ago`;
  if (Number.isNaN(deadline)) return `proposed ${age} ago, no deadline`;
  return `proposed ${age} ago, expires ${deadline > now ? `in ${duration(deadline - now)}` : "now"}`;
}

/** Who an id in this member is. */
function whoIn(view: JsonObject, object: JsonObject, field: string): string {
  return nameAndId(view, textMember(object, field) ?? "?");
}

function text(object: JsonObject, name: string): string {
  return clipped(textMember(object, name) ?? "?", 120);
}

function objectMember(object: JsonObject | null, name: string): JsonObject | null {
  const found = object === null ? undefined : member(object, name);
  return isJsonObject(found) ? found : null;
}

function listMember(object: JsonObject | null, name: string): readonly Json[] {
  const found = object === null ? undefined : member(object, name);
  return Array.isArray(found) ? found : [];
}
