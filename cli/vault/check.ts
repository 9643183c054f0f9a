import type { JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped, visibleJson } from "../approvals/sanitize-text.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { apiKeyOf, serverOf, type KeySource } from "../server-and-key.ts";
import { parseFlags } from "../usage.ts";
import { checkedCredentials } from "./server.ts";

const KEY: KeySource = { variable: "GATE_ADMIN_KEY", what: "an admin's key" };

const DEFAULT_SERVER = "http://127.0.0.1:4000";

const FLAGS = {
  server: { type: "string" },
  "api-key-file": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** `vault check`: one line for each credential of the server's registry. */
export async function runCheck(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, FLAGS);
  const server = serverOf(values.server ?? (process.env["GATE_ENDPOINT"] || DEFAULT_SERVER), KEY);
  const found = await checkedCredentials(server, apiKeyOf(values["api-key-file"], KEY));
  if (values.json) io.out(visibleJson(found));
  else io.out(found.length === 0 ? "gate.yaml names no credentials." : found.map(lineOf).join("\n"));
  return found.every(isOk) ? 0 : EXIT_FAILED;
}

function isOk(credential: JsonObject): boolean {
  return member(credential, "ok") === true;
}

function lineOf(credential: JsonObject): string {
  const text = (field: string) => clipped(textMember(credential, field) ?? "?", 600);
  const has = (field: string) => textMember(credential, field) !== null;
  const source = has("token_url") ? `${text("ref")}, ${text("grant")} at ${text("token_url")}` : text("ref");
  const what = `${text("name")} (${source})`;
  if (!isOk(credential)) return `FAIL  ${what}: ${text("problem")}: ${text("detail")}`;
  return `ok    ${what}${has("expires_at") ? `: a token until ${text("expires_at")}` : ""}`;
}
