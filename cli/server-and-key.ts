import { readFileSync } from "node:fs";
import { errorText } from "./io.ts";
import { UsageError } from "./usage.ts";

/** A key is a line; a larger file is another one that was named by mistake. */
const MAX_KEY_FILE_CHARS = 4_096;

/** Where a command finds the key it asks a server with, and what that is called. */
export interface KeySource {
  /** `GATE_REVIEWER_KEY` */
  readonly variable: string;
  /** `a reviewer's key` */
  readonly what: string;
}

/** The server a command asks. @throws {UsageError} */
export function serverOf(text: string, { variable }: KeySource): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`the server is an http(s) URL, not "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`a key in a URL ends up in logs: use ${variable}`);
  }
  return url;
}

/** The key, from the file that was named or from the environment. @throws {UsageError} */
export function apiKeyOf(file: string | undefined, { variable, what }: KeySource): string {
  const key = file === undefined ? (process.env[variable] ?? "") : readKeyFile(file);
  if (key === "") throw new UsageError(`put ${what} into ${variable}, or name --api-key-file`);
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
