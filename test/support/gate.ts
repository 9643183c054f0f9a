import { connect } from "node:net";
import { clientAt, registerBy, type Client, type Principal } from "./client.ts";
import { noteRawExchange } from "./openapi/raw-exchange.ts";
import { freePort, lockOf, type RunningCommand, serve, temporaryFolder } from "./command.ts";

/** `GATE_ADMIN_KEY` of every server of this suite. */
const ADMIN_KEY = "gate_ak_conformance-0123456789abcdef";

/** A hostile request that is never answered must not hold the suite up. */
const RAW_TIMEOUT_MS = 5_000;

export type Role = "agent" | "runner" | "reviewer" | "auditor" | "admin";

export const ROLES = ["agent", "runner", "reviewer", "auditor", "admin"] as const satisfies readonly Role[];

export type Body = Readonly<Record<string, unknown>>;

export interface Gate extends AsyncDisposable {
  readonly port: number;
  /** The folder that holds `data/`. */
  readonly home: string;
  readonly adminKey: string;
  readonly call: Client["call"];
  register(role: Role, more?: Body): Promise<Principal>;
  /** One member of each role. */
  cast(): Promise<Readonly<Record<Role, Principal>>>;
  /** Writes bytes to a connection of its own and gives what came back until it closed or nothing more came. */
  raw(...pieces: readonly string[]): Promise<string>;
  /**
   * Kills: both as a power cut would, the runtime alone (which ends the server), or the server alone (which leaves
   * the runtime behind for the next start to end).
   */
  crash(what?: "both" | "runtime" | "server"): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** All that the running server has printed. */
  printed(): string;
}

export interface GateOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** The real command on a folder and a port of its own, spoken to over HTTP and nothing else. */
export async function startGate({ env = {}, args = [] }: GateOptions = {}): Promise<Gate> {
  const home = temporaryFolder();
  const port = await freePort();
  let server: RunningCommand | null = null;
  let named = 0;

  async function start(): Promise<void> {
    server = await serve({ port, home: home.path, args, env: { GATE_ADMIN_KEY: ADMIN_KEY, ...env } });
  }

  async function stop(): Promise<void> {
    await server?.end();
    server = null;
  }

  const client = clientAt(port);

  function register(role: Role, more: Body = {}): Promise<Principal> {
    named += 1;
    return registerBy(client, ADMIN_KEY, { name: `${role}-${named}`, role, ...more });
  }

  try {
    await start();
  } catch (error) {
    home[Symbol.dispose]();
    throw error;
  }
  return {
    port,
    home: home.path,
    adminKey: ADMIN_KEY,
    call: client.call,
    register,
    async cast() {
      const made = await Promise.all(ROLES.map(async (role) => [role, await register(role)] as const));
      return Object.fromEntries(made) as Record<Role, Principal>;
    },
    raw: (...pieces) => rawRequest(port, pieces),
    async crash(what = "both") {
      const { runtime } = lockOf(home.path);
      if (what !== "runtime") server?.process.kill("SIGKILL");
      if (what !== "server") process.kill(runtime.pid, "SIGKILL");
      await server?.finished;
      server = null;
    },
    start,
    stop,
    printed: () => `${server?.out() ?? ""}${server?.err() ?? ""}`,
    async [Symbol.asyncDispose]() {
      await stop();
      home[Symbol.dispose]();
    },
  };
}

/** A member that must be a text. */
export function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Error(`no text ${name} in ${JSON.stringify(body)}`);
  return value;
}

/** A member that must be a list of objects. */
export function list(body: Body, name: string): readonly Body[] {
  const value = body[name];
  if (!Array.isArray(value)) throw new Error(`no list ${name} in ${JSON.stringify(body)}`);
  return value as readonly Body[];
}

export function eventsOf(body: Body): readonly unknown[] {
  return list(body, "auditTrail").map(({ event_type: event }) => event);
}

let imports = 0;

/**
 * An import of leads that the shipped policy holds over 100 and approves below. Each is of a file of its own: one
 * that a person rejected is blocked for a while when it comes again.
 */
export function crmImport(records: number, more: Body = {}): Body {
  imports += 1;
  return {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: `./leads-${imports}.csv`,
    recordCount: records,
    ...more,
  };
}

function rawRequest(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => {
      for (const piece of pieces) socket.write(Buffer.from(piece, "latin1"));
    });
    const timer = setTimeout(() => socket.destroy(), RAW_TIMEOUT_MS);
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
    });
    // A reset is an answer, too.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      noteRawExchange(pieces.join(""), answer);
      resolve(answer);
    });
  });
}

/** The status of each answer in what came back raw. */
export function statusesOf(answer: string): readonly number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}
