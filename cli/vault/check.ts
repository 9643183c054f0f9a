import { readFileSync } from "node:fs";
import type { JsonObject } from "../../src/core/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped, visibleJson } from "../approvals/visible.ts";
import { errorText, EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { checkedCredentials } from "./server.ts";

const DEFAULT_SERVER = "http://127.0.0.1:4000";

/** A key is a line; whatever is larger is something else. */
const MAX_KEY_FILE_CHARS = 4_096;

const FLAGS = {
  server: { type: "string" },
  "api-key-file": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** `vault check`: one line for each credential of the server's registry. */
export async function runCheck(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, FLAGS);
  const server = serverOf(values.server ?? (process.env["GATE_ENDPOINT"] || DEFAULT_SERVER));
  const found = await checkedCredentials(server, apiKeyOf(values["api-key-file"]));
  if (values.json) io.out(visibleJson(found));
  else io.out(found.length === 0 ? "gate.yaml names no credentials." : found.map(lineOf).join("\n"));
  return found.every(isOk) ? 0 : EXIT_FAILED;
}

function isOk(credential: JsonObject): boolean {
  return member(credential, "ok") === true;
}

function lineOf(credential: JsonObject): string {
  const text = (field: string) => clipped(textMember(credential, field) ?? "?", 600);
  const what = `${text("name")} (${text("ref")})`;
  return isOk(credential) ? `ok    ${what}` : `FAIL  ${what}: ${text("problem")}: ${text("detail")}`;
}

function serverOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`the server is an http(s) URL, not "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("a key in a URL ends up in logs: use GATE_ADMIN_KEY");
  }
  return url;
}

function apiKeyOf(file: string | undefined): string {
  const key = file === undefined ? (process.env["GATE_ADMIN_KEY"] ?? "") : readKeyFile(file);
  if (key === "") throw new UsageError("put an admin's key into GATE_ADMIN_KEY, or name --api-key-file");
  // A header can't hold anything else; fetch's own message would quote the key.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError("the key holds characters that no key has");
  return key;
}

function readKeyFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${errorText(error)}`);
  }
  if (text.length > MAX_KEY_FILE_CHARS) throw new UsageError(`${path} is too large to be a key`);
  return text.trim();
}
