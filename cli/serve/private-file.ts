import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CommandFailure, errorCode } from "../io.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** Creates a folder that only this user can read. An existing folder keeps its mode. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

/**
 * Replaces a file atomically, readable by this user only: a crash leaves the old or the new one, and the secret is
 * never in a file with a wider mode.
 */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // `wx` refuses to follow a symlink that an attacker placed at this path.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: PRIVATE_FILE, flag: "wx" });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * The JSON object in a file; null: no such file.
 *
 * @throws {CommandFailure} when the file has no JSON object: a secrets file must not be replaced silently
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
    // Thrown below.
  }
  throw new CommandFailure(`${path} is damaged: it contains no JSON object`);
}
