import { existsSync } from "node:fs";
import { join } from "node:path";
import { parsePolicy } from "../../src/config/policy/parse.ts";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import { CommandFailure } from "../io.ts";
import { packageRoot } from "../package-root.ts";
import { credentialVariables, type CredentialVariables } from "./credentials.ts";
import { type DataLock, lockDataFolder } from "./lock.ts";
import { makePrivateFolder } from "./private-file.ts";
import { prepareFolder, requireFreePort, requireReadable, requireTimeLimits } from "./preconditions.ts";
import type { ProcessIdentity } from "./process-table.ts";
import { type Rules, type RulesSource, rulesSource } from "./rules.ts";
import { keepLogCopy, type LogCopyKeeper } from "./keep-log-copy.ts";
import { recordRestore } from "./record-restore.ts";
import { finishRestore, type FolderRestore, restoreOfFolder } from "./restore.ts";
import { loadMiniflare } from "./miniflare.ts";
import { isLoopback, publicUrlOf } from "./options.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { waitUntilHealthy, type Watch, watchServer } from "./watch-server.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  readonly policyDir: string;
  readonly registry: string | null;
  /** The address that people use; null: `GATE_PUBLIC_URL`, else the listening address. */
  readonly publicUrl?: string | null;
  /** People of the registry sign in without a key. Only on a loopback host. */
  readonly localSignIn?: boolean;
  /** The data folder was restored from a backup: nothing of before is sent. */
  readonly restored?: boolean;
  /** A file with the newest checkpoint that the operator has; null: none. */
  readonly checkpointFile?: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes one line for the operator. */
  readonly say: (line: string) => void;
}

export interface Server {
  readonly url: URL;
  /** The origin of links in messages; empty: messages have no links. */
  readonly publicUrl: string;
  readonly adminKey: string;
  /** True: the data folder had no state yet. */
  readonly isNew: boolean;
  readonly rules: Rules;
  /** Resolves with the reason when the runtime ends on its own. */
  readonly failed: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts Gate on one data folder, and returns once the Worker responds.
 *
 * @throws {CommandFailure} for failures that the operator can fix
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const root = packageRoot();
  // Starts loading early; `startRuntime` awaits it and reports a failure.
  loadMiniflare().catch(() => undefined);
  if (!existsSync(join(root, "dist", "worker", "index.js"))) {
    throw new CommandFailure("the Worker is not built: run npm run build");
  }
  const config = readWranglerConfig(root);
  const credentials = credentialVariables(options.environment, ownNames(config), options.say);
  const source = openRules(options, credentials);
  const rules = source.current();
  prepareFolder(options.dataDir);
  const lock = await lockDataFolder(options.dataDir);
  try {
    return await startLocked(options, root, config, source, credentials, rules, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  options: ServerOptions,
  root: string,
  config: WranglerConfig,
  source: RulesSource,
  credentials: CredentialVariables,
  rules: Rules,
  lock: DataLock,
): Promise<Server> {
  await requireFreePort(options.host, options.port);
  const stateDir = join(options.dataDir, "state");
  const isNew = !existsSync(stateDir);
  makePrivateFolder(stateDir);
  const secrets: Secrets = loadSecrets(options.dataDir, options.environment);
  const restore = await restoreOfFolder({
    dataDir: options.dataDir,
    stateDir,
    isNew,
    secrets,
    restored: options.restored === true,
    checkpointFile: options.checkpointFile ?? null,
    say: options.say,
  });
  const overridden = overriddenVars(config, options.environment);
  requireTimeLimits(overridden);
  const publicUrl = publicUrlFor(options, overridden["GATE_PUBLIC_URL"]);
  // Through a proxy at a public address, any visitor could sign in as any person.
  if (options.localSignIn === true && publicUrl !== "" && !isLoopback(hostOf(publicUrl))) {
    throw new CommandFailure(`--local-sign-in is for this machine alone, and the public URL is ${publicUrl}`);
  }
  let process: ProcessIdentity | null = null;
  const runtime = await startRuntime({
    root,
    config,
    host: options.host,
    port: options.port,
    stateDir,
    temporaryDir: join(options.dataDir, "tmp"),
    secrets,
    vars: {
      ...overridden,
      GATE_PUBLIC_URL: publicUrl,
      LOCAL_SIGN_IN: String(options.localSignIn === true),
      GATE_RESTORED_AT: restore?.restoredAt ?? "",
    },
    credentials: credentials.takeValues(),
    rules: source,
    log: options.say,
    onProcess: (identity) => {
      process = identity;
      lock.nameRuntime(identity);
    },
  });
  const health = watchServer(source, lock, () => process);
  try {
    await waitUntilHealthy(runtime.url);
    if (restore !== null && !restore.isDone) await carryThrough(runtime.url, secrets, restore, options);
  } catch (error) {
    health.end();
    await runtime.stop();
    throw error;
  }
  const copy = keepLogCopy({
    url: runtime.url,
    adminKey: secrets.adminKey,
    gateSecret: secrets.gateSecret,
    dataDir: options.dataDir,
    say: options.say,
  });
  return {
    url: runtime.url,
    publicUrl,
    adminKey: secrets.adminKey,
    isNew,
    rules,
    failed: health.failed,
    stop: () => stopAll(runtime, lock, health, copy),
  };
}

async function carryThrough(
  url: URL,
  { adminKey }: Secrets,
  restore: FolderRestore,
  { dataDir, say }: ServerOptions,
): Promise<void> {
  const settled = await recordRestore(url, adminKey, restore);
  finishRestore(dataDir, restore);
  say(
    `restored: ${settled} unfinished intents were settled; what was approved is indeterminate, and is not sent`,
  );
  say(
    "restored: a kill switch stops everything until an admin lifts it; orders, links, sessions and nonces are void",
  );
  if (restore.checkpoint === null) {
    say(
      "restored: the log stays stopped until --restored is given with --checkpoint, the newest one you have",
    );
  }
}

async function stopAll(runtime: Runtime, lock: DataLock, health: Watch, copy: LogCopyKeeper): Promise<void> {
  copy.stop();
  await copy.save();
  health.end();
  await runtime.stop();
  lock.release();
}

/** @throws {CommandFailure} for an unreadable folder or an invalid registry: no earlier version can stay active */
function openRules(
  { policyDir, registry, say }: ServerOptions,
  credentials: CredentialVariables,
): RulesSource {
  requireReadable(policyDir, "--policy-dir");
  if (registry !== null) requireReadable(registry, "--registry");
  const registryProblems: string[] = [];
  const source = rulesSource({
    policyDir,
    registry,
    checkPolicy: parsePolicy,
    checkRegistry(file, text) {
      const parsed = parseRegistry(file, text);
      if (parsed.ok) credentials.collect(parsed.value);
      else {
        registryProblems.push(
          ...parsed.error.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
        );
      }
      return parsed;
    },
    say,
  });
  if (source.current().registry === null && registry !== null) {
    throw new CommandFailure(`the registry is invalid\n${registryProblems.join("\n")}`);
  }
  return source;
}

/** The names of all of Gate's own bindings and variables. */
function ownNames(config: WranglerConfig): ReadonlySet<string> {
  return new Set([
    "LOCAL",
    ...Object.keys(config.vars),
    ...config.d1_databases.map(({ binding }) => binding),
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.queues.producers.map(({ binding }) => binding),
    ...config.ratelimits.map(({ name }) => name),
  ]);
}

/** The origin for links. A wildcard host is no address, so it becomes loopback; a port of 0 is not known yet. */
function publicUrlFor({ host, port, publicUrl }: ServerOptions, fromEnvironment: string | undefined): string {
  if (publicUrl) return publicUrl;
  if (fromEnvironment) return publicUrlOf(fromEnvironment, "GATE_PUBLIC_URL");
  if (port === 0) return "";
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return new URL(`http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`).origin;
}

/** The host in `--host` form: an IPv6 address without its brackets. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Variables of wrangler.toml that the environment overrides. */
function overriddenVars(
  config: WranglerConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const set = Object.keys(config.vars).flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}
