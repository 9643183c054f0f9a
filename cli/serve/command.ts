import { relative } from "node:path";
import { CommandFailure, type CommandIo, errorText, EXIT_FAILED, type ExitCode } from "../io.ts";
import { ownCommand } from "../own-command.ts";
import { type LocalRole, registerPrincipals, storeAgentKey, storedAgentKey } from "./first-start.ts";
import { localAgentsFile, removeAgentKey, shareAgentKey } from "./local-agents.ts";
import { isLoopback, parseServeOptions, type ServeOptions } from "./options.ts";
import { onStopSignal, type StopSignal } from "../stop-signal.ts";
import { type Server, startServer } from "./server.ts";

export async function runServe(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const options = parseServeOptions(args, process.cwd());
  // Before the start: a signal while the runtime starts must not orphan it.
  const stop = onStopSignal();
  const failure = await serveUntil(stop, options, io).catch((error: unknown) => {
    // What a stop interrupts, the start above all, has not failed.
    if (stop.isRequested()) return null;
    throw error;
  });
  if (failure === null) {
    io.out("Stopped.");
    return 0;
  }
  io.err(`zehrava-gate: ${failure}`);
  return EXIT_FAILED;
}

/** @returns null after a stop signal, else why the server ended */
async function serveUntil(stop: StopSignal, options: ServeOptions, io: CommandIo): Promise<string | null> {
  const server = await startServer({ ...options, environment: process.env, say: io.err });
  const agentKeys = localAgentsFile(process.env);
  let agentKey: string | null = null;
  try {
    if (stop.isRequested()) return null;
    for (const note of options.notes) io.out(note);
    io.out(`Gate listens on ${server.url.origin}`);
    if (!isLoopback(options.host)) {
      io.out(`  open      to every machine that can reach this one (--host ${options.host})`);
    }
    if (server.publicUrl !== server.url.origin) io.out(`  links     lead to ${server.publicUrl}`);
    if (options.localSignIn) {
      io.out("  sign-in   every user of this machine can sign in as every person (--local-sign-in)");
    }
    io.out(`  data      ${displayPath(options.dataDir)}`);
    io.out(`  policies  ${displayPath(options.policyDir)} (${server.rules.policies.length})`);
    agentKey = server.isNew ? null : storedAgentKey(options.dataDir);
    agentKey ??= await firstStart(server, options, io);
    tryToShare(() => shareAgentKey(agentKeys, options.port, agentKey ?? ""), io);
    io.out("Ready.");
    return await Promise.race([stop.requested, server.failed]);
  } finally {
    await server.stop();
    if (agentKey !== null) tryToShare(() => removeAgentKey(agentKeys, options.port, agentKey ?? ""), io);
  }
}

/** Prints the keys before it stores the agent's, which ends the first start: a crash in between repeats it. */
async function firstStart(server: Server, options: ServeOptions, io: CommandIo): Promise<string> {
  const keys = await registerPrincipals(server.url, server.adminKey);
  const agentKey = keys.get("agent");
  if (agentKey === undefined) throw new CommandFailure("no agent was registered");
  const hasExample = server.rules.policies.some(({ id }) => id === EXAMPLE_POLICY);
  io.out(firstStartText(keys, agentKey, server.url, hasExample));
  storeAgentKey(options.dataDir, agentKey);
  return agentKey;
}

const DEFAULT_PORT = "4000";

/** Ships with Gate; an operator's own policy folder may lack it. */
const EXAMPLE_POLICY = "crm-low-risk";

/** @param hasExample the active policies include the one that the line to paste names */
function firstStartText(
  keys: ReadonlyMap<LocalRole, string>,
  agentKey: string,
  url: URL,
  hasExample: boolean,
): string {
  const intent = {
    destination: "salesforce.import",
    policy: EXAMPLE_POLICY,
    payload: "email,company\nada@example.com,Analytical Engines\n",
    payload_name: "leads.csv",
    recordCount: 847,
  };
  // The port that commands expect needs no words.
  const endpoint = url.port === DEFAULT_PORT ? "" : `GATE_ENDPOINT=${url.origin} `;
  const paste = `  curl -s ${url.origin}/v1/intents -H 'authorization: Bearer ${agentKey}' -H 'content-type: application/json' -d '${JSON.stringify(intent)}'`;
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

/** A read-only home folder is reported, not fatal: it only costs the SDK its automatic key. */
function tryToShare(action: () => void, io: CommandIo): void {
  try {
    action();
  } catch (error) {
    io.err(`the SDK can't find the agent's key by itself, set GATE_API_KEY: ${errorText(error)}`);
  }
}

function displayPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" ? "." : short.startsWith("..") ? path : short;
}
