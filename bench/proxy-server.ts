import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { startServer, type Server } from "../cli/serve/server.ts";
import { newestRuntime } from "./support/process.ts";

/*
 * The setup for measuring the reverse proxy: an upstream in a process of its own, a minimal proxy on this runtime, and
 * Gate with a credential (injected, and masked in responses) and without one.
 */

/** Long enough to be masked, and in no response of the upstream. */
const SECRET = "bench-only-4eC39HqLyjWDarjtT1zdp7dcQ8vKx0Zb";

/** Enough agents that none exceeds its 600 proposals a minute. */
const AGENTS = 30;

const POLICIES: Readonly<Record<string, string>> = {
  pass: "allow_unmeasured: true\nauto_approve_under: 1000000\nrequire_approval_over: 1000000",
  hold: "require_approval: always",
};

/** Prefix at Gate → its policy, and whether Gate has the credential. */
const DESTINATIONS = {
  keyed: { policy: "pass", credential: true },
  own: { policy: "pass", credential: false },
  held: { policy: "hold", credential: true },
} as const;

export interface Upstream {
  readonly url: URL;
  /** The number of writes that arrived. */
  writes(): Promise<number>;
  /** Calls the listener for each write with a `number` in its URL. */
  onWrite(listener: (number: number) => void): void;
  stop(): void;
}

export interface Place {
  readonly url: URL;
  /** The runtime's process. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Gate extends Place {
  readonly agents: readonly string[];
  readonly reviewer: string;
}

export interface Scene {
  readonly upstream: Upstream;
  readonly floor: Place;
  readonly gate: Gate;
  stop(): Promise<void>;
}

export async function startScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));
  const upstream = await startUpstream();
  const floor = await startFloor(upstream.url);
  const gate = await startGate(folder, upstream.url);
  return {
    upstream,
    floor,
    gate,
    async stop() {
      await gate.stop();
      await floor.stop();
      upstream.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startUpstream(): Promise<Upstream> {
  const child = fork(join(import.meta.dirname, "proxy-upstream.ts"));
  const url = await new Promise<URL>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the upstream ended")));
    child.once("message", ({ port }: { readonly port: number }) =>
      resolve(new URL(`http://127.0.0.1:${port}`)),
    );
  });
  return {
    url,
    async writes() {
      const response = await fetch(new URL("/writes", url));
      return ((await response.json()) as { readonly writes: number }).writes;
    },
    onWrite: (listener) => listenTo(child, listener),
    stop: () => void child.kill(),
  };
}

function listenTo(child: ChildProcess, listener: (number: number) => void): void {
  child.on("message", ({ number }: { readonly number?: number }) => {
    if (number !== undefined) listener(number);
  });
}

async function startFloor(upstream: URL): Promise<Place> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "floor",
          modules: true,
          modulesRoot: import.meta.dirname,
          scriptPath: join(import.meta.dirname, "proxy-worker.js"),
          compatibilityDate: "2026-10-23",
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          bindings: { UPSTREAM: upstream.origin },
        },
      ],
    }),
  );
  await miniflare.ready;
  const url = await miniflare.unsafeGetDirectURL();
  return { url, pid: newestRuntime(), stop: () => miniflare.dispose() };
}

async function startGate(folder: string, upstream: URL): Promise<Gate> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: join(folder, "gate"),
    ...writeRules(folder, upstream),
    environment: { BENCH_SECRET: SECRET },
    say: () => undefined,
  });
  const agents: string[] = [];
  for (let made = 0; made < AGENTS; made += 1) agents.push(await register(server, `agent-${made}`, "agent"));
  const reviewer = await register(server, "reviewer", "reviewer");
  return { url: server.url, pid: newestRuntime(), agents, reviewer, stop: () => server.stop() };
}

function writeRules(folder: string, upstream: URL) {
  const policyDir = join(folder, "policies");
  mkdirSync(policyDir);
  for (const [id, text] of Object.entries(POLICIES)) {
    writeFileSync(join(policyDir, `${id}.yaml`), `id: ${id}\ndestinations: [crm.*]\n${text}\n`);
  }
  const destinations = Object.entries(DESTINATIONS).map(
    ([prefix, { policy, credential }]) => `  crm.${prefix}:
    policies: [${policy}]
    upstream: ${upstream.origin}
    prefix: /${prefix}
    allow_private: true
    records: single
    reads: [{ method: GET, path: /* }]
${credential ? "    credential: crm\n" : ""}`,
  );
  const registry = join(folder, "gate.yaml");
  writeFileSync(
    registry,
    `unbound_destinations: block\ncredentials:\n  crm: { ref: env://BENCH_SECRET }\ndestinations:\n${destinations.join("")}`,
  );
  return { policyDir, registry };
}

async function register(server: Server, name: string, role: string): Promise<string> {
  const response = await fetch(new URL("/v1/agents/register", server.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${server.adminKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ name: `bench-${name}`, role }),
  });
  if (!response.ok) throw new Error(`registration failed: ${await response.text()}`);
  return ((await response.json()) as { readonly apiKey: string }).apiKey;
}
