import { CommandFailure, type CommandIo, errorText, EXIT_FAILED, type ExitCode } from "../io.ts";
import { type LocalRole, registerPrincipals, storeAgentKey, storedAgentKey } from "./first-start.ts";
import { localAgentsFile, removeAgentKey, shareAgentKey } from "./local-agents.ts";
import { listeningJson, listeningText } from "./listening.ts";
import { parseServeOptions, type ServeOptions } from "./options.ts";
import { onStopSignal, type StopSignal } from "../stop-signal.ts";
import { startServer } from "./server.ts";

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
    if (!options.json) io.out("Stopped.");
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
    agentKey = server.isNew ? null : storedAgentKey(options.dataDir);
    const keys = agentKey === null ? await registerPrincipals(server.url, server.adminKey) : null;
    agentKey ??= agentKeyOf(keys);
    io.out(options.json ? listeningJson(server, options, keys) : listeningText(server, options, keys));
    // Stored once they are printed, which ends the first start: a crash in between repeats it.
    if (keys !== null) storeAgentKey(options.dataDir, agentKey);
    tryToShare(() => shareAgentKey(agentKeys, options.port, agentKey ?? ""), io);
    if (!options.json) io.out("Ready.");
    return await Promise.race([stop.requested, server.failed]);
  } finally {
    await server.stop();
    if (agentKey !== null) tryToShare(() => removeAgentKey(agentKeys, options.port, agentKey ?? ""), io);
  }
}

function agentKeyOf(keys: ReadonlyMap<LocalRole, string> | null): string {
  const key = keys?.get("agent");
  if (key === undefined) throw new CommandFailure("no agent was registered");
  return key;
}

/** A read-only home folder is reported, not fatal: it only costs the SDK its automatic key. */
function tryToShare(action: () => void, io: CommandIo): void {
  try {
    action();
  } catch (error) {
    io.err(`the SDK can't find the agent's key by itself, set GATE_API_KEY: ${errorText(error)}`);
  }
}
