import { readFileSync } from "node:fs";
import { errorText } from "./io.ts";
import { UsageError } from "./usage.ts";

/*
 * One rule for every command: the server is --server, else GATE_ENDPOINT, else this machine; the key is in
 * --api-key-file, else in GATE_API_KEY.
 */

const DEFAULT_SERVER = "http://127.0.0.1:4000";

/** A key is one line; a larger file was named by mistake. */
const MAX_KEY_FILE_CHARS = 4_096;

/** Names of other programs, and of earlier versions of this one: set in place of GATE_API_KEY, they get a hint. */
const OTHER_KEY_VARIABLES = ["GATE_REVIEWER_KEY", "GATE_ADMIN_KEY", "GATE_AGENT_KEY", "GATE_KEY"] as const;

export const CONNECTION_FLAGS = {
  server: { type: "string" },
  "api-key-file": { type: "string" },
} as const;

export interface ConnectionFlags {
  readonly server?: string | undefined;
  readonly "api-key-file"?: string | undefined;
}

export interface Connection {
  readonly server: URL;
  readonly apiKey: string;
  /** Whose key the command needs, for messages: `an admin's key`. */
  readonly who: string;
}

/** The lines about the connection in a command's usage. */
export function connectionUsage(who: string): string {
  return [
    "  --server URL         default: GATE_ENDPOINT, then http://127.0.0.1:4000",
    `  --api-key-file FILE  file with ${who}; default: GATE_API_KEY`,
  ].join("\n");
}

/**
 * @param who `an admin's key`
 * @throws {UsageError}
 */
export function connectionOf(flags: ConnectionFlags, who: string): Connection {
  const server = serverOf(flags.server);
  return { server, apiKey: apiKeyOf(flags["api-key-file"]) ?? refuseWithoutKey(who), who };
}

/** The server's address. @throws {UsageError} */
export function serverOf(flag: string | undefined): URL {
  const text = flag ?? (process.env["GATE_ENDPOINT"] || DEFAULT_SERVER);
  const url = URL.canParse(text) ? new URL(text) : null;
  const where = flag === undefined ? "GATE_ENDPOINT" : "--server";
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${where} takes an http(s) URL, not "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("a key in a URL ends up in logs: use GATE_API_KEY");
  }
  return url;
}

/** The key of the file, else of the environment; null: there is none. @throws {UsageError} */
export function apiKeyOf(file: string | undefined): string | null {
  const key = file === undefined ? (process.env["GATE_API_KEY"] ?? "") : readKeyFile(file);
  if (key === "") return null;
  // Headers allow nothing else, and the message that fetch throws would quote the key.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError("the key contains characters that a key never has");
  return key;
}

/** @throws {UsageError} */
export function refuseWithoutKey(who: string): never {
  const other = OTHER_KEY_VARIABLES.find((name) => (process.env[name] ?? "") !== "");
  const hint = other === undefined ? "" : ` (${other} is set, but commands read GATE_API_KEY alone)`;
  throw new UsageError(`put ${who} into GATE_API_KEY, or name --api-key-file${hint}`);
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
