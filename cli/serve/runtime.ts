import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response } from "miniflare";
import { CommandFailure, errorCode } from "../io.ts";
import { applyMigrations } from "./migrations.ts";
import { childrenNamed, identify, type ProcessIdentity } from "./process-table.ts";
import type { RulesSource } from "./rules.ts";
import type { Secrets } from "./secrets.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

export interface RuntimeOptions {
  readonly root: string;
  readonly config: WranglerConfig;
  readonly host: string;
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly stateDir: string;
  /** Emptied at the start. */
  readonly temporaryDir: string;
  readonly secrets: Secrets;
  /** Values that replace those of `[vars]`. */
  readonly vars: Readonly<Record<string, string>>;
  readonly rules: RulesSource;
  readonly log: (line: string) => void;
  /** Told as soon as the runtime's process is there, long before it answers. */
  readonly onProcess: (runtime: ProcessIdentity) => void;
}

export interface Runtime {
  readonly url: URL;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/** @throws {CommandFailure} */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const miniflare = construct(options);
  const watching = reportProcess(options.onProcess);
  try {
    await withTimeout(miniflare.ready, START_TIMEOUT_MS);
    for (const database of options.config.d1_databases) {
      await applyMigrations(
        await miniflare.getD1Database(database.binding),
        join(options.root, database.migrations_dir),
      );
    }
    return { url: await miniflare.unsafeGetDirectURL(), stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    if (errorCode(error) === "ERR_ADDRESS_IN_USE") throw portInUse(options.host, options.port);
    throw error;
  } finally {
    clearInterval(watching);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Miniflare exits on a signal by itself, before anything else could be closed; and it keeps its temporary files
 * where a `kill -9` leaves them for ever. Here the server ends it, and the next start clears the files.
 */
function construct(options: RuntimeOptions): Miniflare {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  const temporary = process.env["TMPDIR"];
  rmSync(options.temporaryDir, { recursive: true, force: true });
  mkdirSync(options.temporaryDir, { recursive: true, mode: 0o700 });
  process.env["TMPDIR"] = options.temporaryDir;
  try {
    return new Miniflare(miniflareOptions(options));
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    for (const [index, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (before[index]?.has(listener) !== true) process.removeListener(signal, listener);
      }
    }
  }
}

export function portInUse(host: string, port: number): CommandFailure {
  return new CommandFailure(`port ${port} on ${host} is in use; stop what listens there or give --port`);
}

function miniflareOptions(options: RuntimeOptions) {
  const { config } = options;
  return convertV4MiniflareOptions({
    // The runtime's own front (which has doors for tools in it) stays on a random loopback port that nobody is told.
    // Requests go straight to the Worker, which is faster as well.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: options.stateDir,
    // No look-up of this machine's place on the network, and nobody told that a server started.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: runtimeLog(options.log),
    handleStructuredLogs: ({ message }) => options.log(message),
    handleUncaughtError: () => undefined,
    workers: [
      {
        name: config.name,
        modules: true,
        // The module is named relative to this; a name with ".." in it is refused by the runtime.
        modulesRoot: join(options.root, "dist", "worker"),
        scriptPath: join(options.root, "dist", "worker", "index.js"),
        compatibilityDate: config.compatibility_date,
        compatibilityFlags: config.compatibility_flags,
        unsafeDirectSockets: [{ host: options.host, port: options.port }],
        bindings: bindingsOf(options),
        serviceBindings: { LOCAL: (request) => answerLocal(request, options.rules) },
        d1Databases: Object.fromEntries(
          config.d1_databases.map(({ binding, database_name }) => [binding, database_name]),
        ),
        durableObjects: Object.fromEntries(
          config.durable_objects.bindings.map(({ name, class_name }) => [
            name,
            { className: class_name, useSQLite: config.exports[class_name]?.storage === "sqlite" },
          ]),
        ),
        queueProducers: Object.fromEntries(
          config.queues.producers.map(({ binding, queue }) => [binding, queue]),
        ),
        queueConsumers: Object.fromEntries(
          config.queues.consumers.map((consumer) => [consumer.queue, queueOf(consumer)]),
        ),
        ratelimits: Object.fromEntries(
          config.ratelimits.map(({ name, namespace_id, simple }) => [name, { namespace_id, simple }]),
        ),
      },
    ],
  });
}

function bindingsOf({ config, secrets, vars }: RuntimeOptions): Record<string, string> {
  return {
    ...config.vars,
    ...vars,
    GATE_SECRET: secrets.gateSecret,
    GATE_ADMIN_KEY: secrets.adminKey,
    ...(secrets.previousSecrets === null ? {} : { GATE_SECRET_PREVIOUS: secrets.previousSecrets }),
  };
}

function queueOf(consumer: WranglerConfig["queues"]["consumers"][number]) {
  return {
    ...(consumer.max_batch_size === undefined ? {} : { maxBatchSize: consumer.max_batch_size }),
    ...(consumer.max_batch_timeout === undefined ? {} : { maxBatchTimeout: consumer.max_batch_timeout }),
    ...(consumer.max_retries === undefined ? {} : { maxRetries: consumer.max_retries }),
    ...(consumer.retry_delay === undefined ? {} : { retryDelay: consumer.retry_delay }),
    ...(consumer.dead_letter_queue === undefined ? {} : { deadLetterQueue: consumer.dead_letter_queue }),
  };
}

interface LocalRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** What the Worker can ask this process: the rules in force, with the version it has already. */
function answerLocal(request: LocalRequest, source: RulesSource): Response {
  if (request.method !== "GET" || new URL(request.url).pathname !== "/rules") {
    return new Response(null, { status: 404 });
  }
  const rules = source.current();
  const etag = `"${rules.version}"`;
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: { etag } });
  }
  return Response.json(rules, { headers: { etag } });
}

function runtimeLog(write: (line: string) => void): Log {
  class LineLog extends Log {
    protected override log(message: string): void {
      write(message);
    }
  }
  return new LineLog(LogLevel.WARN);
}

const CHILD_POLL_MS = 10;

function reportProcess(onProcess: (runtime: ProcessIdentity) => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    const [pid] = childrenNamed(process.pid, "workerd");
    const runtime = pid === undefined ? null : identify(pid);
    if (runtime === null) return;
    clearInterval(timer);
    onProcess(runtime);
  }, CHILD_POLL_MS);
  return timer;
}

async function withTimeout(ready: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CommandFailure("the runtime did not start in time")), milliseconds);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}
