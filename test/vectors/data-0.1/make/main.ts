/**
 * Makes the folder: `node test/vectors/data-0.1/make/main.ts <a built checkout of 3e74f51>`.
 *
 * It was run once. What it makes has other ids, keys and times each time, so a second run is another vector.
 */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Case, eventsOf } from "./actions.ts";
import { play, STORIES, successorOf } from "./cases.ts";
import type { Cast } from "./cast.ts";
import { type Client, clientOf, text } from "./client.ts";
import type { Account } from "./jws.ts";
import { layDown } from "./lay-down.ts";
import { register, registerReportKey } from "./principals.ts";
import { COMMIT, compact, CREDENTIALS, requireVersion, startServer } from "./server.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

const VECTOR = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PORT = 31_813;

/** Emil's, at the issuer of `gate.yaml`. */
const ACCOUNT = {
  claims: { iss: "http://127.0.0.1:31811", aud: "gate", sub: "emil-1" },
  email: "emil@example.com",
} as const;

/** Cases whose evidence is kept as the version gave it. */
const WITH_EVIDENCE = ["executed_by_runner", "proxied_approved", "erased", "one_vote_of_two"];

async function main(checkout: string): Promise<void> {
  requireVersion(checkout);
  for (const name of ["data", "evidence", "checkpoints"]) {
    rmSync(join(VECTOR, name), { recursive: true, force: true });
  }
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  await using upstream = await startUpstream(publicKey.export({ format: "jwk" }));
  const server = await startServer(checkout, PORT, VECTOR);
  try {
    const client = clientOf(server.origin);
    const members = await register(client, server.adminKey);
    const reportKey = await registerReportKey(client, members);
    const account: Account = { ...ACCOUNT, key: privateKey.export({ format: "jwk" }) };
    const cast: Cast = { client, members, reportKey, account };
    const laidDown = await layDown(cast);
    writeJson("recorded.json", {
      commit: COMMIT,
      ...(await record(cast, upstream, checkout)),
      members,
      firstAdminKey: server.adminKey,
      credentials: CREDENTIALS,
      reportKey,
      account,
      ...laidDown,
    });
  } finally {
    await server.stop();
  }
  compact(join(VECTOR, "data"));
}

async function record(cast: Cast, upstream: Upstream, checkout: string) {
  const { client, members } = cast;
  const { ops } = members;
  const { body: known } = await client.call("GET", "/.well-known/gate", ops.key);
  const cases: Record<string, Case> = {};
  const names = Object.keys(STORIES);
  for (const name of names) {
    if (name === names[Math.floor(names.length / 2)]) await keepCheckpoint(client, ops.key, "half.txt");
    cases[name] = await play(name, cast);
    if (name === "voted_by_leaver") {
      await client.call("POST", `/v1/agents/${members.leaver.id}/suspend`, ops.key);
    }
  }
  cases["successor"] = successorOf(cases["edited"] as Case);
  await keepLog(client, ops.key, cases, checkout);
  // Not sealed yet when the server stops.
  cases["late"] = await play("pending", cast);
  const at = Date.now();
  const views = await Promise.all(
    Object.entries(cases).map(([name, made]) => viewOf(client, ops.key, name, made)),
  );
  const list = await client.call("GET", "/v1/intents?limit=200", ops.key);
  return {
    at,
    vkey: text(known["log"] as typeof known, "vkey"),
    linkToken: linkIn(upstream, (cases["told"] as Case).id),
    cases: Object.fromEntries(views),
    list: list.body["intents"],
  };
}

async function viewOf(client: Client, key: string, name: string, made: Case) {
  const { body: view } = await client.call("GET", `/v1/intents/${made.id}`, key);
  const answer = name.startsWith("proxied_") && /executed|refused|approved/.test(name);
  const response = answer
    ? (await client.call("GET", `/v1/intents/${made.id}/response?format=json`, key)).body
    : null;
  // The entries are in log.ndjson.
  const { auditTrail: _, ...rest } = view;
  return [name, { ...made, view: rest, events: eventsOf(view), response }] as const;
}

async function keepCheckpoint(client: Client, key: string, name: string): Promise<void> {
  const answer = await fetch(`${client.origin}/log/seal`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
  });
  if (answer.status !== 200) throw new Error(`not sealed: ${await answer.text()}`);
  mkdirSync(join(VECTOR, "checkpoints"), { recursive: true });
  writeFileSync(join(VECTOR, "checkpoints", name), await answer.text());
}

async function keepLog(
  client: Client,
  key: string,
  cases: Record<string, Case>,
  checkout: string,
): Promise<void> {
  mkdirSync(join(VECTOR, "evidence"), { recursive: true });
  for (const name of WITH_EVIDENCE) {
    const { body } = await client.call("GET", `/v1/intents/${cases[name]?.id ?? ""}/evidence`, key);
    writeJson(join("evidence", `${name}.json`), body);
  }
  await keepCheckpoint(client, key, "last.txt");
  const out = join(VECTOR, "log.ndjson");
  rmSync(out, { force: true });
  const args = [
    join(checkout, "dist", "cli.js"),
    "ledger",
    "export",
    "--server",
    client.origin,
    "--out",
    out,
  ];
  execFileSync(process.execPath, args, { env: { ...process.env, GATE_API_KEY: key }, stdio: "inherit" });
}

/** The link that the room was sent. */
function linkIn({ told }: Upstream, intent: string): string {
  const message = told.find((body) => body.includes(intent) && body.includes("approval.requested"));
  const token = /link=(alk_[\w.-]+)/.exec(message ?? "")?.[1];
  if (token === undefined) throw new Error(`no link in ${told.join("\n")}`);
  return token;
}

function writeJson(name: string, value: unknown): void {
  writeFileSync(join(VECTOR, name), `${JSON.stringify(value, null, 1)}\n`);
}

await main(resolve(process.argv[2] ?? "."));
