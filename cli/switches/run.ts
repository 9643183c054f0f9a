import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped, visibleJson } from "../approvals/sanitize-text.ts";
import { Unreachable } from "../exchange.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { apiKeyOf, serverOf, type KeySource } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { callSwitches } from "./server.ts";

const KEY: KeySource = { variable: "GATE_API_KEY", what: "a reviewer's or an admin's key" };

const DEFAULT_SERVER = "http://127.0.0.1:4000";

const COMMON = {
  server: { type: "string" },
  "api-key-file": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const ENGAGE = {
  ...COMMON,
  reason: { type: "string", default: "incident" },
  ticket: { type: "string" },
  force: { type: "boolean", default: false },
} as const;

interface Connection {
  readonly server?: string | undefined;
  readonly "api-key-file"?: string | undefined;
}

function connection(values: Connection): readonly [URL, string] {
  const server = serverOf(values.server ?? (process.env["GATE_ENDPOINT"] || DEFAULT_SERVER), KEY);
  return [server, apiKeyOf(values["api-key-file"], KEY)];
}

/** `switches list`: one line for each engaged switch. */
export async function runList(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, COMMON);
  const answer = await callSwitches(...connection(values), "/v1/switches");
  const list = member(answer, "switches");
  // An unreadable response must not read as "nothing is stopped".
  if (!Array.isArray(list)) {
    throw new Unreachable("the server sent no list of switches: is it a Gate server?");
  }
  if (values.json) io.out(visibleJson(answer));
  else {
    io.out(
      list.length === 0 ? "No kill switch is engaged." : list.filter(isJsonObject).map(lineOf).join("\n"),
    );
  }
  return 0;
}

/** `switches engage`: says what it stops, and warns of a switch that stops nothing yet. */
export async function runEngage(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, ENGAGE, { max: 2 });
  const { reason, ticket, force } = values;
  const body = { ...targetOf(positionals), reason, ...(ticket === undefined ? {} : { ticket }), force };
  const answer = await callSwitches(...connection(values), "/v1/switches", body);
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
  const answer = await callSwitches(...connection(values), "/v1/switches/lift", target);
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
