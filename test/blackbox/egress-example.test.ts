import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, fetch as send, Miniflare } from "miniflare";
import { parse } from "smol-toml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readMigrations } from "../../cli/serve/migrations.ts";
import { readWranglerConfig } from "../../cli/serve/wrangler-config.ts";
import { ROOT } from "../support/command.ts";

/*
 * The Dynamic Worker example as it is in the repository, beside the built Gate, each with the bindings of its own
 * wrangler.toml; the provider is a server of this machine, to which Gate's requests for `api.stripe.com` are led.
 */

const ADMIN_KEY = "gate_ak_test_only";
const SECRET = "sk_test_of_the_provider_itself";
const EXAMPLE = join(ROOT, "examples", "egress", "dynamic-worker");

/** The one of the example's README. */
const REGISTRY = `
destinations:
  stripe.refund:
    policies: [finance-high-risk]
    upstream: https://api.stripe.com
    reads: [{ method: GET, path: /v1/* }]
    credential: stripe
    idempotency_header: Idempotency-Key
credentials:
  stripe: { ref: env://STRIPE_API_KEY }
`;

const received: string[] = [];
let provider: Server;
let miniflare: Miniflare;

beforeAll(async () => {
  provider = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () => {
      const { method, url, headers } = request;
      received.push([method, url, headers.authorization, headers["idempotency-key"] ?? "", body].join(" "));
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ id: method === "POST" ? "re_1" : "ch_1", seen: headers.authorization }));
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const options = { cf: false, telemetry: { enabled: false }, workers: [await example(), gate()] };
  miniflare = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, ...options }));
  await miniflare.ready;
  const database = await miniflare.getD1Database("DB", "zehrava-gate");
  for (const { statements } of readMigrations(join(ROOT, "migrations"))) {
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
});

afterAll(async () => {
  await miniflare.dispose();
  provider.close();
});

interface ExampleConfig {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly worker_loaders: readonly { readonly binding: string }[];
  readonly services: readonly {
    readonly binding: string;
    readonly service: string;
    readonly entrypoint: string;
    readonly props: Record<string, string>;
  }[];
}

async function example() {
  const config = parse(readFileSync(join(EXAMPLE, "wrangler.toml"), "utf8")) as unknown as ExampleConfig;
  const { outputFiles } = await build({
    entryPoints: [join(EXAMPLE, config.main)],
    bundle: true,
    format: "esm",
    write: false,
  });
  return {
    name: config.name,
    modules: [{ type: "ESModule" as const, path: "index.js", contents: outputFiles[0]?.text ?? "" }],
    compatibilityDate: config.compatibility_date,
    workerLoaders: Object.fromEntries(config.worker_loaders.map(({ binding }) => [binding, {}])),
    serviceBindings: Object.fromEntries(
      config.services.map(({ binding, service, entrypoint, props }) => [
        binding,
        { name: service, entrypoint, props },
      ]),
    ),
  };
}

function gate() {
  const config = readWranglerConfig(ROOT);
  const folder = join(ROOT, "dist", "worker");
  const policy = readFileSync(join(ROOT, "policies", "finance-high-risk.yaml"), "utf8");
  const policies = [{ id: "finance-high-risk", text: policy }];
  const rules = JSON.stringify({ version: "1", broken: [], registry: REGISTRY, policies });
  const { port } = provider.address() as AddressInfo;
  return {
    name: config.name,
    modulesRoot: folder,
    modules: [{ type: "ESModule" as const, path: join(folder, "index.js") }],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    bindings: {
      ...config.vars,
      GATE_SECRET: "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHkhISE=",
      GATE_ADMIN_KEY: ADMIN_KEY,
      STRIPE_API_KEY: SECRET,
    },
    serviceBindings: { LOCAL: () => new Response(rules) as never },
    d1Databases: Object.fromEntries(
      config.d1_databases.map(({ binding, database_name }) => [binding, database_name]),
    ),
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map(({ name, class_name }) => [
        name,
        { className: class_name, useSQLite: true },
      ]),
    ),
    queueProducers: Object.fromEntries(config.queues.producers.map(({ binding, queue }) => [binding, queue])),
    queueConsumers: Object.fromEntries(
      config.queues.consumers.map(({ queue }) => [queue, { maxBatchTimeout: 0 }]),
    ),
    ratelimits: Object.fromEntries(
      config.ratelimits.map(({ name, namespace_id, simple }) => [name, { namespace_id, simple }]),
    ),
    // Outbound requests: any destination but the provider fails the test.
    outboundService: ({ url, method, headers, body }: Request) => {
      const { origin, pathname, search } = new URL(url);
      if (origin !== "https://api.stripe.com") return new Response(null, { status: 599 }) as never;
      const to = `http://127.0.0.1:${port}${pathname}${search}`;
      return send(to, { method, headers, body, duplex: "half" } as never) as never;
    },
  };
}

/** The response of the example: statuses, and their bodies. */
interface Ran {
  readonly charge: number;
  readonly refund: readonly [
    number,
    { readonly id?: string; readonly intentId?: string; readonly seen?: string },
  ];
  readonly elsewhere: readonly [number, { readonly code: string }];
}

interface Served {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

async function served(name: string): Promise<Served> {
  return (await miniflare.getWorker(name)) as unknown as Served;
}

async function runExample(): Promise<Ran> {
  const worker = await served("agent-in-a-dynamic-worker");
  return (await (await worker.fetch("https://agent.test/")).json()) as Ran;
}

async function call(method: string, path: string, key: string, body: object | null = null) {
  const worker = await served("zehrava-gate");
  const response = await worker.fetch(`https://gate.test${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: body === null ? null : JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}

const SENT = {
  read: `GET /v1/charges/ch_1 Bearer ${SECRET}  `,
  // The provider knows a repeat by the intent.
  write: (intent: string) =>
    `POST /v1/refunds Bearer ${SECRET} gate_${intent.slice("int_".length)} charge=ch_1&amount=900`,
} as const;

test("INV-11: sandboxed code reads, has its refund held and sent once, and reaches nothing else", async () => {
  expect(await runExample()).toMatchObject({
    charge: 403,
    refund: [403, { code: "agent_unknown" }],
    elsewhere: [403, { code: "agent_unknown" }],
  });
  expect(received).toEqual([]);

  await call("POST", "/v1/agents/register", ADMIN_KEY, { name: "support-agent" });
  const reviewer = await call("POST", "/v1/agents/register", ADMIN_KEY, { name: "Ben", role: "reviewer" });
  const held = await runExample();
  expect([held.charge, held.refund[0], held.elsewhere[0]]).toEqual([200, 202, 403]);
  expect(held.elsewhere[1].code).toBe("host_not_allowed");
  expect(received).toEqual([SENT.read]);

  const { intentId } = held.refund[1];
  await call("POST", `/v1/intents/${intentId}/approve`, String(reviewer["apiKey"]), {});
  await expect
    .poll(async () => (await call("GET", `/v1/intents/${intentId}`, ADMIN_KEY))["state"], { timeout: 20_000 })
    .toBe("succeeded");
  const { refund } = await runExample();
  expect(refund).toEqual([200, { id: "re_1", seen: "Bearer [masked]" }]);
  expect(received).toEqual([SENT.read, SENT.write(String(intentId)), SENT.read]);
});
