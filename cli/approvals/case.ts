import { createHash } from "node:crypto";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import { Refused, type ApprovalServer } from "./server.ts";
import { clipped, hanging, quotedLines } from "./visible.ts";
import { count, dollars, duration } from "./words.ts";

/** Everything a person decides on. */
export interface Case {
  readonly id: string;
  readonly state: string;
  /** What every vote names: another one is another case. */
  readonly digest: string;
  readonly view: JsonObject;
  /** What Gate measured; null when it does not say. */
  readonly facts: JsonObject | null;
  readonly agent: JsonObject | null;
  readonly payload: { readonly bytes: Uint8Array; readonly sha256: string } | { readonly missing: string };
  /** False: the payload that came is not the one the digest is about. */
  readonly isIntact: boolean;
}

const LABEL_COLUMNS = 11;

/** Where only some lines are shown, long ones are not worked through to their end. */
const PREVIEW_LINE_CHARS = 1_000;

/** Bytes that are shown of a payload that is no text. */
const HEX_BYTES = 256;

export async function fetchCase(server: ApprovalServer, id: string): Promise<Case> {
  const [view, decision] = await Promise.all([server.intent(id), server.decision(id)]);
  const agentId = textMember(view, "sender_agent_id");
  const [agent, payload] = await Promise.all([
    agentId === null ? null : unlessRefused(() => server.agent(agentId)),
    fetchPayload(server, id),
  ]);
  const facts = member(decision, "facts");
  const isIntact = "missing" in payload || payload.sha256 === textMember(view, "payload_hash");
  return {
    id,
    state: textMember(view, "state") ?? "unknown",
    digest: textMember(view, "intent_digest") ?? "",
    view,
    facts: isJsonObject(facts) ? facts : null,
    agent: agent instanceof Refused ? null : agent,
    payload,
    isIntact,
  };
}

async function fetchPayload(server: ApprovalServer, id: string): Promise<Case["payload"]> {
  const bytes = await unlessRefused(() => server.payload(id));
  if (bytes instanceof Refused) return { missing: bytes.message };
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | Refused> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** The case in words. Everything an agent wrote is made visible and stays on its own line. */
export function caseLines(found: Case, now: number, columns: number | null): readonly string[] {
  const { id, state, digest, view, facts, agent } = found;
  const onBehalf = textMember(view, "on_behalf_of");
  const lines: readonly (readonly [label: string, words: string])[] = [
    ["what", what(view)],
    ["who", `${who(view, agent)}${onBehalf === null ? "" : `, for "${clipped(onBehalf, 80)}"`}`],
    ["records", records(facts, view)],
    ["value", value(facts, view)],
    ["risk", `${text(view, "risk_level")} ${numberMember(view, "risk_score") ?? "?"}${factors(view)}`],
    [
      "held by",
      `${text(view, "policy_id")}: ${clipped(textMember(view, "reason") ?? "no reason kept", 400)}`,
    ],
    ["state", `${clipped(state, 40)}, ${clock(view, state, now)}`],
    ["votes", votes(view)],
    ["payload", payloadWords(found)],
    ["digest", clipped(digest, 64)],
  ];
  const shown = lines.map(
    ([label, words]) => `  ${label.padEnd(8)} ${hanging(words, LABEL_COLUMNS, columns)}`,
  );
  return [clipped(id, 64), ...shown];
}

/** The payload behind bars, at most so many lines; null: all of them. */
export function payloadLines(
  { payload }: Case,
  columns: number | null,
  most: number | null,
): readonly string[] {
  if ("missing" in payload) return [];
  const { bytes } = payload;
  const content = textOf(bytes);
  if (content === null) return hexLines(bytes);
  if (most === null) return quotedLines(content, columns);
  const beginning = content.slice(0, most * PREVIEW_LINE_CHARS);
  const lines = quotedLines(beginning, columns);
  if (lines.length <= most && beginning.length === content.length) return lines;
  return [...lines.slice(0, most), `    and more, of ${count(bytes.length)} bytes in all`];
}

export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function hexLines(bytes: Uint8Array): readonly string[] {
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES)).toString("hex");
  const rows = hex.match(/.{1,64}/g) ?? [];
  const rest = bytes.length - HEX_BYTES;
  return [
    ...rows.map((row) => `  | ${row}`),
    ...(rest > 0 ? [`    ${count(rest)} more bytes; not text`] : []),
  ];
}

function payloadWords({ view, payload, isIntact }: Case): string {
  const kind = textMember(view, "payload_kind") ?? "unknown";
  const name = textMember(view, "payload_name");
  const type = textMember(view, "payload_type");
  const named = name === null ? "" : `${clipped(name, 80)}, `;
  if (kind === "none") return "none";
  if (kind === "reference") return `${named}a reference: Gate has not seen the content`;
  if ("missing" in payload) return `${named}not shown: ${clipped(payload.missing, 200)}`;
  const words = `${named}${type === null ? "" : `${clipped(type, 40)}, `}${count(payload.bytes.length)} bytes`;
  return isIntact ? words : `${words}: NOT THE BYTES THIS INTENT IS ABOUT (sha256 ${payload.sha256})`;
}

function what(view: JsonObject): string {
  const [destination, action] = [text(view, "destination"), text(view, "action")];
  return action === destination ? destination : `${destination}, ${action}`;
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

function votes(view: JsonObject): string {
  const given = listMember(view, "votes").filter(isJsonObject);
  const asked = objectMember(view, "approval");
  const people = given.map((vote) => `${text(vote, "person")} (${text(vote, "assurance")})`);
  const from = [...listMember(asked, "groups"), ...listMember(asked, "people")].filter(
    (one) => typeof one === "string",
  );
  const assurance = asked === null ? null : textMember(asked, "minAssurance");
  return [
    `${given.length} of ${numberMember(view, "required_approvals") ?? 1}`,
    ...(people.length === 0 ? [] : [`by ${clipped(people.join(", "), 200)}`]),
    ...(from.length === 0 ? [] : [`from ${clipped(from.join(", "), 200)}`]),
    ...(assurance === null ? [] : [`assurance ${clipped(assurance, 20)} or stronger`]),
  ].join(", ");
}

function who(view: JsonObject, agent: JsonObject | null): string {
  const id = text(view, "sender_agent_id");
  if (agent === null) return id;
  const owner = textMember(agent, "owner");
  return `${text(agent, "name")} (${id})${owner === null ? "" : `, owner ${clipped(owner, 80)}`}`;
}

function factors(view: JsonObject): string {
  const named = listMember(view, "risk_factors").filter((factor) => typeof factor === "string");
  return named.length === 0 ? "" : `: ${clipped(named.join(", "), 200)}`;
}

function clock(view: JsonObject, state: string, now: number): string {
  const proposed = Date.parse(textMember(view, "created_at") ?? "");
  const deadline = Date.parse(textMember(view, "decide_by") ?? textMember(view, "expires_at") ?? "");
  const age = Number.isNaN(proposed) ? "?" : duration(now - proposed);
  if (state !== "pending_approval") return `proposed ${age} ago`;
  if (Number.isNaN(deadline)) return `proposed ${age} ago, without an end`;
  return `proposed ${age} ago, expires ${deadline > now ? `in ${duration(deadline - now)}` : "now"}`;
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
