import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { JsonWebKey } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { freePort, type Finished, ROOT, run, serve, temporaryFolder } from "./command.ts";
import { type Provider, startUpstream, type Upstream } from "./upstream.ts";
import { signed, tokenOf, type Account } from "../vectors/data-0.1/make/jws.ts";
import type { Body, Role } from "./gate.ts";
import { buildWithClock } from "./clock.ts";
import { clientAt, type Answer } from "./client.ts";

/* The data folder that version 0.1 left behind (test/vectors/data-0.1/README.md), opened with the current build. */

export const VECTOR = join(ROOT, "test", "vectors", "data-0.1");

/** `gate.yaml` of the folder names them: most upstreams are at the one, those for `data-0.1-clock.test.ts` at the other. */
export const UPSTREAM_PORT = 31_811;
export const LATER_PORT = 31_812;
/** Another run of these tests on this machine has a port for as long as they take. */
const PORT_PATIENCE_MS = 50_000;

export interface RecordedOrder {
  readonly executionId: string;
  readonly token: string;
  readonly intentDigest: string;
}

export interface RecordedCase {
  readonly id: string;
  readonly proposal: Body;
  /** As an admin saw it, without the entries. */
  readonly view: Body;
  readonly events: readonly string[];
  /** The upstream's stored response; null: none is stored. */
  readonly response: Body | null;
  readonly order?: RecordedOrder;
  readonly deliveryToken?: string;
  readonly request?: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly base64: string;
  };
}

interface Member {
  readonly id: string;
  readonly key: string;
  readonly role: Role;
}

type MemberName = "ops" | "audit" | "ana" | "ben" | "cleo" | "leaver" | "importer" | "vpc-1" | "night-batch";

interface Recorded {
  readonly at: number;
  readonly vkey: string;
  readonly linkToken: string;
  readonly cases: Readonly<Record<string, RecordedCase>>;
  readonly list: readonly Body[];
  readonly reads: readonly Body[];
  readonly members: Readonly<Record<MemberName | "old-agent" | "lost-agent", Member>>;
  readonly firstAdminKey: string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly reportKey: JsonWebKey;
  readonly account: Account;
  readonly signedIn: Body;
  readonly standing: Body;
  readonly delegation: Body;
  readonly webhook: Body;
  readonly switches: readonly Body[];
  readonly session: string;
  readonly idempotent: { readonly key: string; readonly proposal: Body; readonly answer: Body };
}

export const RECORDED = JSON.parse(readFileSync(join(VECTOR, "recorded.json"), "utf8")) as Recorded;

export function caseOf(name: string): RecordedCase {
  const found = RECORDED.cases[name];
  if (found === undefined) throw new Error(`no case ${name} in the folder`);
  return found;
}

export const CHECKPOINTS = ["half.txt", "last.txt"].map((name) => join(VECTOR, "checkpoints", name));

export interface Opened extends AsyncDisposable {
  readonly origin: string;
  /** A folder of its own, beside the data. */
  readonly home: string;
  /** @param as the caller's name in the folder, or whatever is to be the bearer */
  call(method: string, path: string, as: MemberName | (string & {}), body?: Body): Promise<Answer>;
  send(path: string, init: RequestInit): Promise<Answer>;
  /** A ledger command against this server. */
  ledger(...args: readonly string[]): Promise<Finished>;
}

export interface OpenOptions {
  /** The server's clock at the start; left out: this machine's, with the build as it is. */
  readonly clock?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The current build on a copy of the folder, under the folder's own rules. */
export async function openFolder({ clock, env = {} }: OpenOptions = {}): Promise<Opened> {
  await using undone = new AsyncDisposableStack();
  const home = undone.use(temporaryFolder());
  unpack(join(VECTOR, "data"), join(home.path, "data"));
  const port = await freePort();
  const built =
    clock === undefined
      ? {}
      : { command: await buildWithClock(join(home.path, "package"), clock - Date.now()) };
  const args = ["--policy-dir", join(VECTOR, "policies"), "--registry", join(VECTOR, "gate.yaml")];
  const options = { port, home: home.path, args, env: { ...RECORDED.credentials, ...env }, ...built };
  undone.use(await serve(options));
  const all = undone.move();
  const client = clientAt(port);

  return {
    origin: `http://127.0.0.1:${port}`,
    home: home.path,
    send: client.send,
    call(method, path, as, body) {
      const key = as in RECORDED.members ? RECORDED.members[as as MemberName].key : as;
      return client.call(method, path, key, body);
    },
    ledger(...given) {
      return run(["ledger", ...given], { env: { GATE_API_KEY: RECORDED.members.audit.key } });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Databases are stored compressed: see the folder's README. */
function unpack(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const name of readdirSync(to, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".gz")) continue;
    const packed = join(to, name);
    writeFileSync(packed.slice(0, -".gz".length), gunzipSync(readFileSync(packed)));
    rmSync(packed);
  }
}

/** The upstream of the folder's cases, and the issuer of its linked account. */
export async function startFolderUpstream(port: number): Promise<Upstream> {
  const { d: _, ...publicKey } = RECORDED.account.key;
  const keys = { keys: [{ ...publicKey, kid: "staff", alg: "EdDSA", use: "sig" }] };
  const done: Provider = ({ path }) => ({
    status: 201,
    headers: JSON_TYPE,
    body: JSON.stringify({ ok: true, path }),
  });
  const providers = {
    crm: done,
    tickets: done,
    room: () => ({ status: 204 }),
    keys: () => ({ status: 200, headers: JSON_TYPE, body: JSON.stringify(keys) }),
  } as const satisfies Readonly<Record<string, Provider>>;
  const until = Date.now() + PORT_PATIENCE_MS;
  for (;;) {
    try {
      return await startUpstream(providers, port);
    } catch (error) {
      if (Date.now() > until) throw error;
      await pause(250);
    }
  }
}

const JSON_TYPE = { "content-type": "application/json" } as const;

/** A worker's signed report of an order. */
export function proofOf({ executionId, intentDigest }: RecordedOrder, outcome: string): string {
  const claims = { order: executionId, intent_digest: intentDigest, outcome };
  return signed({ alg: "EdDSA", typ: "gate-report+jwt" }, claims, RECORDED.reportKey);
}

/** A token by which the folder's account comes in now. */
export function accountToken(): string {
  return tokenOf(RECORDED.account);
}

/** The requests that reached the upstream at this path. */
export function arrivals({ received }: Upstream, path: string) {
  return received.filter((request) => request.path === path);
}

/** Once it was approved, nothing stands in the way of an intent. */
const BLOCKED_BY_SOMETHING: readonly unknown[] = ["blocked", "pending_approval", "expired"];

/** Version 0.1 answered null, or an empty list, whatever the intent was. */
const FILLED_SINCE = ["approval_evidence", "approval_interactions", "payload_path", "approval_state"];

function without(body: Body, names: readonly string[]): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

/**
 * A recorded view as it reads today: tags are a list, a reason that blocks is one only while it does, and what version
 * 0.1 left empty is looked at by tests of its own.
 */
export function asShownNow({ view }: RecordedCase): Body {
  const { sensitivity_tags: tags, block_reason: reason, rejections: _, execution, ...same } = view;
  return {
    ...without(same, FILLED_SINCE),
    ...(execution !== undefined && {
      execution: execution === null ? null : without(execution as Body, ["approval_evidence", "executed_at"]),
    }),
    sensitivity_tags: typeof tags === "string" ? JSON.parse(tags) : tags,
    block_reason: BLOCKED_BY_SOMETHING.includes(same["status"]) ? reason : null,
  };
}
