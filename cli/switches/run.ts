import type { JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi, objectsOf } from "../api.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";

export const WHO = "a reviewer's or an admin's key";

const COMMON = {
  ...CONNECTION_FLAGS,
  json: { type: "boolean", default: false },
} as const;

const ENGAGE = {
  ...COMMON,
  reason: { type: "string", default: "incident" },
  ticket: { type: "string" },
  force: { type: "boolean", default: false },
} as const;

/** `switches list`: one line for each engaged switch. */
export async function runList(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, COMMON);
  const connection = connectionOf(values, WHO);
  const answer = await callApi(connection, "/v1/switches");
  const engaged = objectsOf(answer, "switches", connection);
  if (values.json) io.out(visibleJson(answer));
  else io.out(engaged.length === 0 ? "No kill switch is engaged." : engaged.map(lineOf).join("\n"));
  return 0;
}

/** `switches engage`: says what it stops, and warns of a switch that stops nothing yet. */
export async function runEngage(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, ENGAGE, { max: 2 });
  const { reason, ticket, force } = values;
  const body = { ...targetOf(positionals), reason, ...(ticket === undefined ? {} : { ticket }), force };
  const answer = await callApi(connectionOf(values, WHO), "/v1/switches", { body });
  if (values.json) io.out(visibleJson(answer));
  else io.out(`${member(answer, "changed") === true ? "Engaged" : "Already engaged"}: ${lineOf(answer)}`);
  const warning = textMember(answer, "warning");
  if (warning !== null) io.err(clipped(warning, 400));
  return 0;
}

/** `switches lift`. */
export async function runLift(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, COMMON, { max: 2 });
  const target = targetOf(positionals);
  const answer = await callApi(connectionOf(values, "an admin's key"), "/v1/switches/lift", { body: target });
  if (values.json) io.out(visibleJson(answer));
  else io.out(`${member(answer, "changed") === true ? "Lifted" : "It was not engaged"}: ${whatOf(target)}`);
  return 0;
}

function targetOf([scope, target, ...more]: readonly string[]): JsonObject {
  const isWhole = scope === "everything" ? target === undefined : target !== undefined;
  if (scope === undefined || !isWhole || more.length > 0) {
    throw new UsageError("name what to stop: `agent ID`, `destination NAME` or `everything`");
  }
  return target === undefined ? { scope } : { scope, target };
}

function whatOf(found: JsonObject): string {
  const text = (field: string) => clipped(textMember(found, field) ?? "", 200);
  return `${text("scope")} ${text("target")}`.trim();
}

function lineOf(found: JsonObject): string {
  const text = (field: string) => clipped(textMember(found, field) ?? "", 200);
  const ticket = text("ticket") === "" ? "" : ` (${text("ticket")})`;
  return `${whatOf(found)}: ${text("reason")}${ticket}, by ${text("actor")}, since ${text("since")}`;
}
