import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

/** The commands that a too old Node must refuse: the server, what needs a server, and what works offline. */
const COMMANDS = [
  [],
  ["--version"],
  ["--port", "4999"],
  ["demo"],
  ["init"],
  ["policy", "lint"],
  ["ledger", "verify", "log.ndjson"],
  ["approvals", "list"],
];

const EXIT_CANNOT_RUN = 2;

function command(folder: string): string {
  return join(folder, "node_modules", "zehrava-gate", "dist", "cli.js");
}

/** On a Node that is too old every command ends with one line, and none leaves anything behind. */
export async function checkRefusals(node: string, folder: string, runsServer: boolean): Promise<string> {
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  if (runsServer) {
    const { status, stdout } = spawnSync(node, [command(folder), "--version"], { encoding: "utf8" });
    if (status !== 0 || !/^\d+\.\d+\.\d+$/.test(stdout.trim())) {
      throw new Error(`--version fails on ${version}`);
    }
    return `the command runs on ${version}`;
  }
  const cwd = join(folder, "empty");
  mkdirSync(cwd, { recursive: true });
  for (const args of COMMANDS) {
    const { status, stdout, stderr } = spawnSync(node, [command(folder), ...args], { cwd, encoding: "utf8" });
    const isOneLine = /^zehrava-gate: needs Node [\d.]+ or later, and this is v[\d.]+: .+\n$/.test(stderr);
    if (status === EXIT_CANNOT_RUN && stdout === "" && isOneLine) continue;
    throw new Error(`\`${args.join(" ")}\` on ${version} ended with ${status}:\n${stdout}${stderr}`);
  }
  if (readdirSync(cwd).length > 0) throw new Error(`a command wrote files on ${version}`);
  return `every command says in one line that ${version} is too old`;
}

export interface Running extends AsyncDisposable {
  readonly endpoint: string;
  readonly agentKey: string;
  readonly reviewerKey: string;
  /** Verifies the log by the command, and stops the server with Ctrl-C's signal. */
  end(): Promise<string>;
}

/** Starts the installed command on its own rules and data. */
export async function checkServer(node: string, folder: string, home: string): Promise<Running> {
  const environment = { ...process.env, XDG_CONFIG_HOME: join(home, "config") };
  const own = (...args: readonly string[]) => {
    const options = { cwd: home, env: environment, encoding: "utf8" } as const;
    const { status, stdout, stderr } = spawnSync(node, [command(folder), ...args], options);
    if (status !== 0) throw new Error(`\`${args.join(" ")}\` ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  };
  mkdirSync(home);
  own("init");
  own("policy", "lint");
  own("policy", "test");
  const port = await freePort();
  const child = spawn(node, [command(folder), "--port", String(port)], {
    cwd: home,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  }
  const ended = once(child, "exit");
  await Promise.race([ended, printedReady(() => printed)]);
  if (!printed.includes("Ready.")) throw new Error(`the server did not start:\n${printed}`);
  const endpoint = `http://127.0.0.1:${port}`;
  const key = (role: string) => new RegExp(`^  ${role} +(\\S+)$`, "m").exec(printed)?.[1] ?? "";
  return {
    endpoint,
    agentKey: key("agent"),
    reviewerKey: key("reviewer"),
    async end() {
      Object.assign(environment, { GATE_ENDPOINT: endpoint, GATE_API_KEY: key("admin") });
      own("agents", "list");
      const exported = own("ledger", "export", "--out", "log.ndjson");
      if (!existsSync(join(home, "log.ndjson"))) throw new Error(`nothing was exported:\n${exported}`);
      const vkey = await publishedKey(endpoint);
      own("ledger", "verify", "log.ndjson", "--key", vkey);
      child.kill("SIGINT");
      const [code] = (await ended) as [number | null];
      if (code !== 0 || !printed.endsWith("Stopped.\n")) {
        throw new Error(`Ctrl-C ended with ${code}:\n${printed}`);
      }
      return "the log verifies, and Ctrl-C stops the server";
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}

const START_TIMEOUT_MS = 60_000;

async function printedReady(printed: () => string): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS;
  while (!printed().includes("Ready.") && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
}

async function publishedKey(endpoint: string): Promise<string> {
  const response = await fetch(`${endpoint}/.well-known/gate`);
  const { log } = (await response.json()) as { readonly log: { readonly vkey: string } };
  return log.vkey;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
