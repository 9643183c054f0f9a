import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "../io.ts";
import { packageRoot } from "../package-root.ts";
import { credentialVariables, type CredentialVariables } from "./credentials.ts";
import { type DataLock, lockDataFolder } from "./lock.ts";
import { makePrivateFolder } from "./private-file.ts";
import { openRules } from "./open-rules.ts";
import { prepareFolder, requireFreePort, requireTimeLimits } from "./preconditions.ts";
import type { ProcessIdentity } from "./process-table.ts";
import type { Rules, RulesSource } from "./rules.ts";
import { keepLogCopy, type LogCopyKeeper } from "./keep-log-copy.ts";
import { carryThrough } from "./record-restore.ts";
import { recheckWaiting } from "./recheck-waiting.ts";
import { restoreOfFolder } from "./restore.ts";
import { loadMiniflare } from "./miniflare.ts";
import { isLoopback, type LogForm, logFormOf } from "./options.ts";
import { prettyLine } from "./pretty-line.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { hostOf, overriddenVars, ownNames, publicUrlFor } from "./variables.ts";
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
  /** Log lines for requests and decisions; null: as GATE_LOG says. */
  readonly log?: LogForm | null;
  /** The data folder was restored from a backup: nothing of before is sent. */
  readonly restored?: boolean;
  /** With `restored`: also where nothing says that the folder is a backup. */
  readonly force?: boolean;
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
  const overridden = overriddenVars(config, options.environment);
  const restore = await restoreOfFolder({
    dataDir: options.dataDir,
    stateDir,
    isNew,
    secrets,
    origin: overridden["GATE_ORIGIN"] ?? config.vars["GATE_ORIGIN"] ?? "",
    restored: options.restored === true,
    force: options.force === true,
    checkpointFile: options.checkpointFile ?? null,
    say: options.say,
  });
  requireTimeLimits(overridden);
  const logForm = options.log ?? logFormOf(overridden["GATE_LOG"] || "off", "GATE_LOG");
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
      GATE_LOG: logForm,
      LOCAL_SIGN_IN: String(options.localSignIn === true),
      LOCAL_START: randomUUID(),
      GATE_RESTORED_AT: restore?.restoredAt ?? "",
    },
    credentials: credentials.takeValues(),
    rules: source,
    log: logForm === "pretty" ? (line) => options.say(prettyLine(line)) : options.say,
    onProcess: (identity) => {
      process = identity;
      lock.nameRuntime(identity);
    },
  });
  const health = watchServer(source, lock, () => process);
  try {
    await waitUntilHealthy(runtime.url);
    if (restore !== null && !restore.isDone) {
      await carryThrough(runtime.url, secrets.adminKey, restore, options);
    }
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
  if (restore !== null && !restore.isDone) await copy.save();
  const endRecheck = recheckWaiting({
    url: runtime.url,
    adminKey: secrets.adminKey,
    rules: source,
    say: options.say,
  });
  return {
    url: runtime.url,
    publicUrl,
    adminKey: secrets.adminKey,
    isNew,
    rules,
    failed: health.failed,
    async stop() {
      endRecheck();
      await stopAll(runtime, lock, health, copy);
    },
  };
}

async function stopAll(runtime: Runtime, lock: DataLock, health: Watch, copy: LogCopyKeeper): Promise<void> {
  copy.stop();
  await copy.save();
  health.end();
  await runtime.stop();
  lock.release();
}
