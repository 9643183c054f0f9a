import { readFileSync } from "node:fs";
import { errorText } from "./io.ts";
import { UsageError } from "./usage.ts";

/** A key is one line; a larger file was named by mistake. */
const MAX_KEY_FILE_CHARS = 4_096;

/** The environment variable with a command's key, and the key's name in messages. */
export interface KeySource {
  /** `GATE_REVIEWER_KEY` */
  readonly variable: string;
  /** `a reviewer's key` */
  readonly what: string;
}

/** The server's address. @throws {UsageError} */
export function serverOf(text: string, { variable }: KeySource): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--server takes an http(s) URL, not "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`a key in a URL ends up in logs: use ${variable}`);
  }
  return url;
}

/** The key, from `--api-key-file` or the environment. @throws {UsageError} */
export function apiKeyOf(file: string | undefined, { variable, what }: KeySource): string {
  const key = file === undefined ? (process.env[variable] ?? "") : readKeyFile(file);
  if (key === "") throw new UsageError(`put ${what} into ${variable}, or name --api-key-file`);
  // Headers allow nothing else, and the message that fetch throws would quote the key.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError("the key contains characters that a key never has");
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
