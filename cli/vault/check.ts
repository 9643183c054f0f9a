import type { JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi, objectsOf } from "../api.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf } from "../server-and-key.ts";
import { parseFlags } from "../usage.ts";

export const WHO = "an admin's key";

/** Each credential may take 15 s, and the server fetches four at a time. */
const TIMEOUT_MS = 120_000;

const FLAGS = {
  ...CONNECTION_FLAGS,
  json: { type: "boolean", default: false },
} as const;

/** `vault check`: one line for each credential of the server's registry. */
export async function runCheck(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, FLAGS);
  const connection = connectionOf(values, WHO);
  const answer = await callApi(connection, "/v1/vault/check", { method: "POST", timeoutMs: TIMEOUT_MS });
  const found = objectsOf(answer, "credentials", connection);
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
