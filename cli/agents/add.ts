import { textMember } from "../../verifier/read-json.ts";
import { callApi } from "../api.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { shown } from "./principals.ts";

const FLAGS = {
  ...CONNECTION_FLAGS,
  json: { type: "boolean", default: false },
  role: { type: "string" },
  person: { type: "string" },
  owner: { type: "string" },
  destinations: { type: "string" },
  policies: { type: "string" },
  environment: { type: "string" },
  framework: { type: "string" },
  "risk-tier": { type: "string" },
} as const;

/** Each flag's field of the request, and whether it is a list. */
const FIELDS = [
  ["role", "role", "text"],
  ["person", "person", "text"],
  ["owner", "owner", "text"],
  ["destinations", "allowedDestinations", "list"],
  ["policies", "allowedPolicies", "list"],
  ["environment", "environment", "text"],
  ["framework", "framework", "text"],
  ["risk-tier", "riskTier", "text"],
] as const;

/** `agents add`: prints the key alone on its line, because no other response will. */
export async function runAdd(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, FLAGS, { max: 1 });
  const [name] = positionals;
  if (name === undefined) throw new UsageError("name the new principal: agents add NAME");
  const fields: Record<string, string | string[]> = {};
  for (const [flag, field, kind] of FIELDS) {
    const text = values[flag];
    if (text !== undefined) fields[field] = kind === "list" ? listOf(flag, text) : text;
  }
  const connection = connectionOf(values, "an admin's key");
  const answer = await callApi(connection, "/v1/agents/register", { body: { name, ...fields } });
  if (values.json) io.out(visibleJson(answer));
  else {
    io.out(`Registered the ${shown(answer, "role")} ${shown(answer, "name")}, ${shown(answer, "id")}.`);
    io.out(`Its key, which is shown once:\n  ${shown(answer, "apiKey", 200)}`);
  }
  const warning = textMember(answer, "warning");
  if (warning !== null) io.err(clipped(warning, 400));
  return 0;
}

/** An empty list would mean "none" to one reader and "all" to another. */
function listOf(flag: string, text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.includes("")) throw new UsageError(`--${flag} takes names with commas between them`);
  return names;
}
