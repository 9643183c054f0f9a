import type { Answer, Principal } from "../../client.ts";
import { bindings } from "../bindings.ts";
import { browserAt, type Browser } from "../browser.ts";
import { call, fresh, ordered, proposal, propose, register, send } from "../gate.ts";
import { linkTo } from "../links.ts";
import { changeRules, RULES } from "../rules.ts";
import { heldThrough, through } from "../sent-writes.ts";
import { quietly } from "./count-operations.ts";

/*
 * One request of each kind in docs/performance.md, with what has to exist before it. The rules name no channel and no
 * webhook: nobody is notified.
 */

const UPSTREAM = "https://upstream.example.com/api";

const REGISTRY = `${RULES.registry.trimEnd()}
  crm.sent: { policies: [small], upstream: "${UPSTREAM}", credential: sent, execute: { method: POST, path: /rows } }
  crm.passed: { policies: [small], prefix: /passed, upstream: "${UPSTREAM}", credential: sent, records: single, reads: [{ method: GET, path: /* }] }
  crm.stopped: { policies: [held], prefix: /stopped, upstream: "${UPSTREAM}", credential: sent }
credentials:
  sent: { ref: env://SENT_KEY }
`;

/** Who takes part. */
export interface Cast {
  readonly agent: Principal;
  readonly ana: Principal;
  readonly browser: Browser;
}

export interface Scene {
  /** The status that shows that the request is of its kind. */
  readonly status: number;
  readonly says?: string;
  /** Returns the request, whose costs are counted. */
  readonly prepare: (cast: Cast) => Promise<() => Promise<Answer>>;
}

export async function castScenes(): Promise<Cast> {
  bindings["SENT_KEY"] = "sk_live_of_the_upstream_itself";
  await changeRules({ policies: RULES.policies, registry: REGISTRY });
  const browser = browserAt("https://gate.test");
  const agent = await register("agent");
  const ana = await register("reviewer", { person: "ana" });
  await browser.post("/v1/session", { key: ana.key });
  // The dispatcher looks up once where it begins.
  await quietly(() => propose(agent, proposal("crm.small"), "approved"));
  return { agent, ana, browser };
}

const held = ({ agent }: Cast, destination = "crm.held") =>
  propose(agent, proposal(destination), "pending_approval");

const approved = ({ agent }: Cast, destination = "crm.small") =>
  propose(agent, proposal(destination), "approved");

async function digestOf({ ana }: Cast, intent: string): Promise<string> {
  return (await call("GET", `/v1/intents/${intent}`, ana.key)).body.intent_digest;
}

/** A proposal without anything before it. */
const proposing = (request: () => Record<string, unknown>, says: string): Scene => ({
  status: 200,
  says: `"status":"${says}"`,
  prepare: async ({ agent }) => {
    const body = request();
    return () => call("POST", "/v1/intents", agent.key, body);
  },
});

/** A vote by key on a held intent. */
const voting = (verb: "approve" | "reject", says: string): Scene => ({
  status: 200,
  says: `"status":"${says}"`,
  prepare: async (cast) => {
    const intent = await held(cast);
    const body = { digest: await digestOf(cast, intent), ...(verb === "reject" && { reason: "not today" }) };
    return () => call("POST", `/v1/intents/${intent}/${verb}`, cast.ana.key, body);
  },
});

/** A step of a worker that has the token, after the steps before it. */
const working = (step: "claim" | "heartbeat" | "report", destination: string): Scene => ({
  status: 200,
  prepare: async ({ agent }) => {
    const { id, token } = await ordered(agent, proposal(destination));
    const path = `/v1/executions/${id}`;
    if (step === "heartbeat") await call("POST", `${path}/claim`, token, {});
    const body = step === "report" ? { status: "succeeded" } : {};
    return () => call("POST", `${path}/${step}`, token, body);
  },
});

/** Of a list with this destination only, to which no other scene proposes. */
const listing = (path: string, destination: string): Scene => ({
  status: 200,
  prepare: async (cast) => {
    await held(cast, destination);
    return () => call("GET", `${path}?destination=${destination}`, cast.ana.key);
  },
});

/** By its name in docs/performance.md. */
export const SCENES: Readonly<Record<string, Scene>> = {
  "propose: approved for a runner": proposing(() => proposal("vpc.write"), "approved"),
  "propose: blocked": proposing(() => proposal("crm.small", { policy: "nothing" }), "blocked"),
  "propose: held": proposing(() => proposal("crm.held"), "pending_approval"),
  "propose: approved, Gate sends": proposing(() => proposal("crm.sent", { policy: "small" }), "approved"),
  "propose: key repeated": {
    status: 409,
    says: "duplicate_blocked",
    prepare: async ({ agent }) => {
      const body = proposal("crm.small", { idempotencyKey: fresh("key") });
      await propose(agent, body, "approved");
      return () => call("POST", "/v1/intents", agent.key, body);
    },
  },
  "approve: by key": voting("approve", "approved"),
  "approve: by key, Gate sends": {
    status: 200,
    says: `"status":"approved"`,
    prepare: async (cast) => {
      const intent = await heldThrough(cast.agent, { path: "/stopped/things" });
      const body = { digest: await digestOf(cast, intent) };
      return () => call("POST", `/v1/intents/${intent}/approve`, cast.ana.key, body);
    },
  },
  "approve: by link": {
    status: 200,
    says: `"status":"approved"`,
    prepare: async (cast) => {
      const link = await linkTo(await held(cast, "crm.by-link"), "ben");
      return () => call("POST", `/v1/approval-links/${link}/approve`, null, {});
    },
  },
  "approve: on the page": {
    status: 303,
    prepare: async (cast) => {
      const intent = await held(cast);
      const form = new URLSearchParams({ digest: await digestOf(cast, intent) });
      return () => cast.browser.post(`/cases/${intent}/approve`, form);
    },
  },
  "reject: by key": voting("reject", "blocked"),
  cancel: {
    status: 200,
    prepare: async (cast) => {
      const intent = await held(cast);
      return () => call("POST", `/v1/intents/${intent}/cancel-approval`, cast.ana.key, { reason: "twice" });
    },
  },
  edit: {
    status: 200,
    prepare: async (cast) => {
      const intent = await held(cast, "crm.editable");
      const body = {
        digest: await digestOf(cast, intent),
        payload: JSON.stringify([{ row: fresh("edited") }]),
        reason: "typo",
      };
      return () => call("POST", `/v1/intents/${intent}/edit`, cast.ana.key, body);
    },
  },
  execute: {
    status: 201,
    prepare: async (cast) => {
      const intent = await approved(cast);
      return () => call("POST", `/v1/intents/${intent}/execute`, cast.agent.key);
    },
  },
  claim: working("claim", "own.claimed"),
  heartbeat: working("heartbeat", "own.claimed"),
  report: working("report", "crm.small"),
  deliver: {
    status: 200,
    prepare: async (cast) => {
      const body = { intentId: await approved(cast, "own.pulled") };
      return () => call("POST", "/v1/deliver", cast.agent.key, body);
    },
  },
  "download of a payload": {
    status: 200,
    prepare: async (cast) => {
      const body = { intentId: await approved(cast, "own.pulled") };
      const { deliveryToken } = (await call("POST", "/v1/deliver", cast.agent.key, body)).body;
      return () => send(`/v1/download/${deliveryToken}`, { method: "GET" });
    },
  },
  "GET: one intent": {
    status: 200,
    prepare: async (cast) => {
      const intent = await held(cast);
      return () => call("GET", `/v1/intents/${intent}`, cast.agent.key);
    },
  },
  "wait: ends at once": {
    status: 200,
    prepare: async (cast) => {
      const intent = await approved(cast);
      return () => call("GET", `/v1/intents/${intent}/wait?timeout=30`, cast.agent.key);
    },
  },
  "list of intents": listing("/v1/intents", "crm.pair"),
  "list of approvals": listing("/v1/approvals", "crm.noes"),
  "inbox page": {
    status: 200,
    prepare: async (cast) => {
      await held(cast, "crm.trio");
      return () => cast.browser.get("/cases?destination=crm.trio");
    },
  },
  metrics: {
    status: 200,
    prepare:
      async ({ agent }) =>
      () =>
        call("GET", "/v1/metrics", agent.key),
  },
  "proxy: listed read": {
    status: 200,
    prepare:
      async ({ agent }) =>
      () =>
        through(agent, { path: "/passed/things", method: "GET", body: null }),
  },
  "proxy: auto-approved write": {
    status: 200,
    prepare:
      async ({ agent }) =>
      () =>
        through(agent, { path: "/passed/things" }),
  },
  "proxy: held write": {
    status: 202,
    prepare:
      async ({ agent }) =>
      () =>
        through(agent, { path: "/stopped/things" }),
  },
};

/** Of which kinds the first request of an isolate is counted as well. */
const COLD: ReadonlySet<string> = new Set([
  "propose: approved for a runner",
  "propose: held",
  "approve: by key",
  "proxy: listed read",
  "proxy: auto-approved write",
]);

export const KINDS = Object.keys(SCENES).flatMap((name) =>
  COLD.has(name) ? [name, `${name}, cold`] : [name],
);
