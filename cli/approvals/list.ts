import type { JsonObject } from "../../src/core/base/json.ts";
import { member, numberMember, textMember } from "../../verifier/read-json.ts";
import type { CommandIo } from "../io.ts";
import { UsageError } from "../usage.ts";
import { readApprovalOptions } from "./options.ts";
import { approvalServer } from "./server.ts";
import { nameOrId } from "./names.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { count, dollars, duration, table } from "../format.ts";

const HEAD = ["AGE", "EXPIRES", "AGENT", "DESTINATION", "RECORDS", "VALUE", "RISK", "VOTES", "INTENT"];
const GROUP_HEAD = ["COUNT", "OLDEST", "NEXT", "DESTINATION", "POLICY", "RECORDS", "VALUE", "GROUP"];
const MAX_NAME_CHARS = 32;

/** `approvals list`: pending intents, newest first, or with `--groups` the groups of similar ones. */
export async function runList(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, [
    "json",
    "group",
    "groups",
    "mine",
    "agent",
    "destination",
    "policy",
    "person",
    "search",
    "limit",
  ]);
  const { groups, filter, json } = options;
  const server = approvalServer(options.connection);
  if (groups) {
    if (Object.keys(filter).length > 1) throw new UsageError("--groups takes no filter");
    const found = await server.groups();
    const cells = found.map((group) => groupCells(group, Date.now()));
    io.out(json ? visibleJson(found) : tableOrNothing(GROUP_HEAD, cells));
    return 0;
  }
  const { rows, next } = await server.queue(filter);
  const cells = rows.map((row) => rowCells(row, Date.now()));
  io.out(json ? visibleJson(rows) : tableOrNothing(HEAD, cells));
  if (json) return 0;
  for (const row of rows) for (const line of undelivered(row)) io.err(line);
  if (next !== null) io.err(`There are more than these ${rows.length}: raise --limit, or filter.`);
  return 0;
}

function tableOrNothing(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "Nothing waits for a decision." : table(head, rows).join("\n");
}

/** One line of the queue, as columns. */
export function rowCells(row: JsonObject, now: number): readonly string[] {
  return [
    since(row, "created_at", now),
    deadline(row, "decide_by", now),
    nameOrId(row, textMember(row, "sender_agent_id") ?? "?", MAX_NAME_CHARS),
    name(row, "destination"),
    count(numberMember(row, "estimated_records")),
    dollars(numberMember(row, "value_usd")),
    risk(row),
    `${numberMember(row, "votes") ?? 0}/${numberMember(row, "required_approvals") ?? 1}`,
    clipped(textMember(row, "id") ?? "", 64),
  ];
}

function groupCells(group: JsonObject, now: number): readonly string[] {
  return [
    count(numberMember(group, "count")),
    since(group, "oldest", now),
    deadline(group, "next_deadline", now),
    name(group, "destination"),
    policiesOf(group),
    count(numberMember(group, "estimated_records")),
    dollars(numberMember(group, "value_usd")),
    clipped(textMember(group, "group") ?? "", 64),
  ];
}

/** The policies in force, whatever the agent named. */
function policiesOf(group: JsonObject): string {
  const policies = member(group, "policies");
  const ids = Array.isArray(policies) ? policies.filter((id) => typeof id === "string") : [];
  return clipped(ids.join(", "), MAX_NAME_CHARS);
}

/** Failed deliveries, so that a reviewer does not rely on people whom no message reached. */
function undelivered(row: JsonObject): readonly string[] {
  const places = member(row, "undelivered");
  if (!Array.isArray(places)) return [];
  const id = clipped(textMember(row, "id") ?? "", 16);
  return places.slice(0, 5).map((place) => {
    const to = typeof place === "object" && place !== null && !Array.isArray(place) ? place : {};
    const [where, why] = [textMember(to, "to") ?? "?", textMember(to, "why") ?? "?"];
    return `${id}: not delivered to ${clipped(where, 80)}: ${clipped(why, 120)}`;
  });
}

function since(row: JsonObject, field: string, now: number): string {
  const at = Date.parse(textMember(row, field) ?? "");
  return Number.isNaN(at) ? "?" : duration(at - now);
}

/** Null: no deadline. A past one is shown until the object's alarm expires the intent. */
function deadline(row: JsonObject, field: string, now: number): string {
  if (member(row, field) === null) return "never";
  return Date.parse(textMember(row, field) ?? "") <= now ? "over" : since(row, field, now);
}

function name(row: JsonObject, field: string): string {
  return clipped(textMember(row, field) ?? "", MAX_NAME_CHARS);
}

function risk(row: JsonObject): string {
  const score = numberMember(row, "risk_score");
  return `${clipped(textMember(row, "risk_level") ?? "?", 10)} ${score === null ? "" : score.toFixed(2)}`.trim();
}
