import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makePrivateFolder, readJsonFile, writePrivateFile } from "./private-file.ts";

/**
 * The file in which the SDK finds the agent's key of a local server: one for each user, with an entry for each port. It
 * holds agents' keys only, never a key that could approve.
 */
export function localAgentsFile(environment: Readonly<Record<string, string | undefined>>): string {
  const configured = environment["XDG_CONFIG_HOME"];
  // XDG Base Directory Specification: a relative path is invalid and ignored.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), ".config");
  return join(base, "zehrava-gate", "local-agents.json");
}

/** Two servers that start at once can overwrite each other's entry: the next attempt restores it. */
const MAX_ATTEMPTS = 5;

export function shareAgentKey(path: string, port: number, apiKey: string): void {
  makePrivateFolder(join(path, ".."));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const entries = readEntries(path);
    if (entries[String(port)] === apiKey) return;
    writePrivateFile(path, `${JSON.stringify({ ...entries, [port]: apiKey }, null, 2)}\n`);
  }
}

/** Removes the key, which the SDK would otherwise send to the next process on this port. */
export function removeAgentKey(path: string, port: number, apiKey: string): void {
  const entries = readEntries(path);
  if (entries[String(port)] !== apiKey) return;
  const rest = Object.fromEntries(Object.entries(entries).filter(([key]) => key !== String(port)));
  writePrivateFile(path, `${JSON.stringify(rest, null, 2)}\n`);
}

function readEntries(path: string): Readonly<Record<string, unknown>> {
  return readJsonFile(path) ?? {};
}
