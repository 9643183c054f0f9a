import { join } from "node:path";
import type { Miniflare, MiniflareOptions, Response } from "miniflare";
import { CommandFailure, errorCode } from "../io.ts";
import { DATABASE_FLAG, databaseBindings, databaseProbe, requireDatabase } from "./database.ts";
import {
  commonOptions,
  loadMiniflare,
  type MiniflareModule,
  type RunOptions,
  runMiniflare,
} from "./miniflare.ts";
import type { ProcessIdentity } from "./process-table.ts";
import type { RulesSource } from "./rules.ts";
import type { Secrets } from "./secrets.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

export interface RuntimeOptions {
  readonly root: string;
  readonly config: WranglerConfig;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly stateDir: string;
  /** Emptied at the start. */
  readonly temporaryDir: string;
  readonly secrets: Secrets;
  /** Values that replace those of `[vars]`. */
  readonly vars: Readonly<Record<string, string>>;
  /** Variables that the registry's credentials name. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly rules: RulesSource;
  readonly log: (line: string) => void;
  /** Called as soon as the runtime's process exists, long before it responds. */
  readonly onProcess: (runtime: ProcessIdentity) => void;
}

export interface Runtime {
  readonly url: URL;
  stop(): Promise<void>;
}

/**
 * Starts the Worker and its database. A request that comes before this returns waits for the migrations as well.
 *
 * @throws {CommandFailure}
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const module = await loadMiniflare();
  const { temporaryDir, onProcess } = options;
  const run: RunOptions = { module, temporaryDir, onProcess };
  let miniflare: Miniflare;
  try {
    miniflare = await runMiniflare(gateOptions(module, options), run);
  } catch (error) {
    if (errorCode(error) === "ERR_ADDRESS_IN_USE") throw portInUse(options.host, options.port);
    throw error;
  }
  try {
    await requireDatabase(miniflare);
    return { url: await miniflare.unsafeGetDirectURL(), stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

export function portInUse(host: string, port: number): CommandFailure {
  return new CommandFailure(
    `port ${port} on ${host} is in use; stop the process that listens there, or choose another --port`,
  );
}

function gateOptions(module: MiniflareModule, options: RuntimeOptions): MiniflareOptions {
  const { config } = options;
  const folder = join(options.root, "dist", "worker");
  return module.convertV4MiniflareOptions({
    ...commonOptions(module, options.stateDir, options.log),
    workers: [
      {
        name: config.name,
        // Modules are listed: from a script's path Miniflare would parse the bundle for imports that it does not have.
        modulesRoot: folder,
        modules: [{ type: "ESModule", path: join(folder, "index.js") }],
        compatibilityDate: config.compatibility_date,
        compatibilityFlags: [...config.compatibility_flags, DATABASE_FLAG],
        unsafeDirectSockets: [{ host: options.host, port: options.port }],
        bindings: bindingsOf(options),
        serviceBindings: { LOCAL: (request) => answerLocal(module, request, options.rules) },
        unsafeBindings: databaseBindings(config, options.root),
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
      databaseProbe(config, options.root),
    ],
  });
}

function bindingsOf({ config, secrets, vars, credentials }: RuntimeOptions): Record<string, string> {
  return {
    // First, so that a credential can't replace one of Gate's own bindings.
    ...credentials,
    ...config.vars,
    ...vars,
    GATE_SECRET: secrets.gateSecret,
    GATE_ADMIN_KEY: secrets.adminKey,
    ...(secrets.previousSecrets === null ? {} : { GATE_SECRET_PREVIOUS: secrets.previousSecrets }),
    LEAVE_WHEN_IDLE: "1",
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

/** The Worker's one request to this process: `GET /rules`, with the version it has as `If-None-Match`. */
function answerLocal(module: MiniflareModule, request: LocalRequest, source: RulesSource): Response {
  if (request.method !== "GET" || new URL(request.url).pathname !== "/rules") {
    return new module.Response(null, { status: 404 });
  }
  const rules = source.current();
  const etag = `"${rules.version}"`;
  if (request.headers.get("if-none-match") === etag) {
    return new module.Response(null, { status: 304, headers: { etag } });
  }
  return module.Response.json(rules, { headers: { etag } });
}
