import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

/*
 * What an attacker with a key of its own does to a server, as fast as it can until it is stopped. Each kind is one that
 * once stalled or filled a server.
 */

/** What the attackers know of the server. */
export interface Target {
  readonly url: string;
  /** An agent's key. */
  readonly agent: string;
  /** The key of a runner that serves 500 destinations. */
  readonly runner: string;
  /** The agent's intent with a payload of 10 MB. */
  readonly large: string;
  /** A claimed order of the agent, and its token. */
  readonly order: string;
  readonly token: string;
}

/** Status codes that the attack got, and how often; 0: no response. */
export type Statuses = Map<number, number>;

interface Attack {
  readonly connections: number;
  readonly send: (target: Target, connections: Agent) => Promise<number>;
}

const FORM = "application/x-www-form-urlencoded";
const MIB = 1024 * 1024;

function repeated(piece: (index: number) => string, bytes: number): string {
  const pieces: string[] = [];
  for (let length = 0, index = 0; length < bytes; index++) {
    const next = piece(index);
    pieces.push(next);
    length += next.length;
  }
  return pieces.join("").slice(0, bytes);
}

const SIMILAR_NAMES = `amount=1&a${"[1]".repeat(40_000)}x=1`;
const LARGE_FORM = repeated((index) => `amount=1&note${index}=hello+world&`, 9_000_000);
const TABLE = repeated(
  (row) => `${row},"Person, ${row}",person${row}@example.com,${row % 1000}.50,renewal of the yearly plan\n`,
  10 * MIB - 100,
);
const RECORDS = repeated(
  (row) => `{"id":${row},"email":"person${row}@example.com","amount":${row % 1000},"note":"renewal"},`,
  10 * MIB - 200,
);
const ID = `int_${"A".repeat(43)}`;

function proposal(destination: string, payload: string, type: string): string {
  return JSON.stringify({ destination, policy: "checked", payload, payload_media_type: type });
}

const TABLE_PROPOSAL = proposal("bench.table", `id,name,email,amount,note\n${TABLE}`, "text/csv");
const RECORDS_PROPOSAL = proposal(
  "bench.table",
  `[${RECORDS.slice(0, RECORDS.lastIndexOf("},") + 1)}]`,
  "application/json",
);

/** The 10 MB payload whose evidence the attackers read; it is held. */
export const HELD_PROPOSAL = TABLE_PROPOSAL;

const proposing =
  (body: string) =>
  ({ url, agent }: Target, connections: Agent) =>
    send(new URL("/v1/intents", url), connections, agent, "POST", body);

const reading =
  (path: (target: Target) => string, key: (target: Target) => string) =>
  (target: Target, connections: Agent) =>
    send(new URL(path(target), target.url), connections, key(target), "GET", null);

export const ATTACKS = {
  "a form of 120 kB with similar names": {
    connections: 4,
    send: proposing(proposal("bench.form", SIMILAR_NAMES, FORM)),
  },
  "forms of 9 MB": { connections: 8, send: proposing(proposal("bench.form", LARGE_FORM, FORM)) },
  "evidence of 10 MB, 12 at once": {
    connections: 12,
    send: reading(
      ({ large }) => `/v1/intents/${large}/evidence`,
      ({ agent }) => agent,
    ),
  },
  "payloads of 10 MB read, 12 at once": {
    connections: 12,
    send: reading(
      ({ large }) => `/v1/intents/${large}/payload`,
      ({ agent }) => agent,
    ),
  },
  heartbeats: {
    connections: 8,
    send: ({ url, order, token }, connections) =>
      send(new URL(`/v1/executions/${order}/heartbeat`, url), connections, token, "POST", "{}"),
  },
  "keyed posts to a made-up id": {
    connections: 8,
    send: ({ url, agent }, connections) =>
      send(new URL(`/v1/intents/${ID}/withdraw`, url), connections, agent, "POST", "{}", {
        "Idempotency-Key": randomUUID(),
      }),
  },
  "bodies that never end": { connections: 64, send: endlessBody },
  reads: {
    connections: 16,
    send: reading(
      ({ large }) => `/v1/intents/${large}`,
      ({ agent }) => agent,
    ),
  },
  lists: {
    connections: 16,
    send: reading(
      () => "/v1/intents",
      ({ agent }) => agent,
    ),
  },
  "lists over 500 destinations": {
    connections: 4,
    send: reading(
      () => "/v1/intents",
      ({ runner }) => runner,
    ),
  },
  "a table of 10 MiB": { connections: 1, send: proposing(TABLE_PROPOSAL) },
  "records of 10 MiB": { connections: 1, send: proposing(RECORDS_PROPOSAL) },
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

/** Sends without a pause over all connections, for ever; counts the responses. */
export async function attack(name: AttackName, target: Target, statuses: Statuses): Promise<never> {
  const { connections, send: sendOne }: Attack = ATTACKS[name];
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const worker = async () => {
    for (;;) {
      const status = await sendOne(target, agent).catch(() => 0);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  return Promise.race(Array.from({ length: connections }, worker));
}

function send(
  url: URL,
  agent: Agent,
  key: string,
  method: "GET" | "POST",
  body: string | null,
  more: Readonly<Record<string, string>> = {},
): Promise<number> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...more };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Begins quickly, and then dribbles. */
async function endlessBody({ url, agent }: Target, connections: Agent): Promise<number> {
  const headers = { Authorization: `Bearer ${agent}`, "Content-Type": "application/json" };
  const outgoing = request(new URL("/v1/intents", url), { agent: connections, method: "POST", headers });
  const status = new Promise<number>((resolve) => {
    outgoing.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    outgoing.on("error", () => resolve(0)).on("close", () => resolve(0));
  });
  outgoing.write(`{"payload":"${"a".repeat(900_000)}`);
  const dribble = setInterval(() => outgoing.write("a".repeat(1_000)), 50);
  return status.finally(() => clearInterval(dribble));
}
