import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CommandFailure, errorCode } from "../io.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** Makes a folder that only this user can look into. The mode of one that exists is its owner's business. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/**
 * Replaces a file in one step, readable by this user only: a crash leaves the old one or the new one, and no
 * moment has the secret in a file with a wider mode.
 */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // `wx`: never through a link that somebody laid there.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: PRIVATE_FILE, flag: "wx" });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * The JSON object in a file, or null when there is none.
 *
 * @throws {CommandFailure} when it is there and is no JSON object: a secrets file must not be replaced silently.
 */
export function readJsonFile(path: string): Readonly<Record<string, unknown>> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new CommandFailure(`can't read ${path} (${errorCode(error) ?? "unknown error"})`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Said below.
  }
  throw new CommandFailure(`${path} is damaged: it holds no JSON object`);
}
