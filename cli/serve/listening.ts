import { relative } from "node:path";
import { ownCommand } from "../own-command.ts";
import type { LocalRole } from "./first-start.ts";
import { isLoopback, type ServeOptions } from "./options.ts";
import type { Server } from "./server.ts";

/** By role; null: not a first start. */
type FirstKeys = ReadonlyMap<LocalRole, string> | null;

/** One line, for the program that started the server. */
export function listeningJson(server: Server, options: ServeOptions, keys: FirstKeys): string {
  return JSON.stringify({
    url: server.url.origin,
    public_url: server.publicUrl,
    data_dir: options.dataDir,
    policy_dir: options.policyDir,
    policies: server.rules.policies.length,
    local_sign_in: options.localSignIn,
    notes: options.notes,
    keys: keys === null ? null : Object.fromEntries(keys),
  });
}

export function listeningText(server: Server, options: ServeOptions, keys: FirstKeys): string {
  const hasExample = server.rules.policies.some(({ id }) => id === EXAMPLE_POLICY);
  return [
    ...options.notes,
    `Gate listens on ${server.url.origin}`,
    ...(isLoopback(options.host)
      ? []
      : [`  open      to every machine that can reach this one (--host ${options.host})`]),
    ...(server.publicUrl === server.url.origin ? [] : [`  links     lead to ${server.publicUrl}`]),
    ...(options.localSignIn
      ? ["  sign-in   every user of this machine can sign in as every person (--local-sign-in)"]
      : []),
    `  data      ${displayPath(options.dataDir)}`,
    `  policies  ${displayPath(options.policyDir)} (${server.rules.policies.length})`,
    ...(keys === null ? [] : [firstStartText(keys, server.url, hasExample)]),
  ].join("\n");
}

const DEFAULT_PORT = "4000";

/** Ships with Gate; an operator's own policy folder may lack it. */
const EXAMPLE_POLICY = "crm-low-risk";

/** @param hasExample the active policies include the one that the line to paste names */
function firstStartText(keys: ReadonlyMap<LocalRole, string>, url: URL, hasExample: boolean): string {
  const intent = {
    destination: "salesforce.import",
    policy: EXAMPLE_POLICY,
    payload: "email,company\nada@example.com,Analytical Engines\n",
    payload_name: "leads.csv",
    recordCount: 847,
  };
  // The port that commands expect needs no words.
  const endpoint = url.port === DEFAULT_PORT ? "" : `GATE_ENDPOINT=${url.origin} `;
  const paste = `  curl -s ${url.origin}/v1/intents -H 'authorization: Bearer ${keys.get("agent") ?? ""}' -H 'content-type: application/json' -d '${JSON.stringify(intent)}'`;
  return [
    "",
    "First start. These keys are shown once; only the agent's is stored, for the SDK on this machine:",
    ...[...keys].map(([role, key]) => `  ${role.padEnd(9)} ${key}`),
    "",
    ...(hasExample ? ["Propose a CRM import (held: over 100 records):", paste, ""] : []),
    "Decide held intents with the reviewer's key:",
    `  ${url.origin} in a browser, or in another terminal:`,
    `  ${endpoint}GATE_API_KEY=${keys.get("reviewer") ?? ""} ${ownCommand()} approvals list`,
    "",
  ].join("\n");
}

function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
