import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makePrivateFolder, readJsonFile, writePrivateFile } from "./private-file.ts";

/**
 * Where the SDK looks for the agent key of a local server when it was given none: a file of this user, an entry
 * per port. Only the agent's key ever gets there, never one that could approve.
 */
export function localAgentsFile(environment: Readonly<Record<string, string | undefined>>): string {
  const configured = environment["XDG_CONFIG_HOME"];
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), ".config");
  return join(base, "zehrava-gate", "local-agents.json");
}

/** Two servers that start at once can overwrite each other's line; the second look puts it back. */
const MAX_ATTEMPTS = 5;

export function leaveAgentKey(path: string, port: number, apiKey: string): void {
  makePrivateFolder(join(path, ".."));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const entries = readEntries(path);
    if (entries[String(port)] === apiKey) return;
    writePrivateFile(path, `${JSON.stringify({ ...entries, [port]: apiKey }, null, 2)}\n`);
  }
}

/** Whatever listens on the port next must not be sent this key. */
export function removeAgentKey(path: string, port: number, apiKey: string): void {
  const entries = readEntries(path);
  if (entries[String(port)] !== apiKey) return;
  const rest = Object.fromEntries(Object.entries(entries).filter(([key]) => key !== String(port)));
  writePrivateFile(path, `${JSON.stringify(rest, null, 2)}\n`);
}

function readEntries(path: string): Readonly<Record<string, unknown>> {
  return readJsonFile(path) ?? {};
}
