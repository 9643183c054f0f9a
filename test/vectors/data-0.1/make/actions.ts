import { setTimeout as pause } from "node:timers/promises";
import type { Cast } from "./cast.ts";
import { text } from "./client.ts";
import { signed, tokenOf } from "./jws.ts";
import type { Name } from "./principals.ts";

/** What is remembered of a case beside its view. */
export interface Case {
  readonly id: string;
  /** What was proposed, to be proposed again. */
  readonly proposal?: object;
  readonly order?: Order;
  readonly deliveryToken?: string;
  readonly successor?: string;
  /** What the agent sent through the proxy. */
  readonly request?: { readonly path: string; readonly headers: object; readonly base64: string };
}

export interface Order {
  readonly executionId: string;
  readonly token: string;
  readonly intentDigest: string;
}

interface Report {
  readonly status: "succeeded" | "failed" | "indeterminate";
  readonly result?: object;
  readonly retryable?: boolean;
  readonly executed_at?: number;
}

/** The ledger's events in an intent's view. */
export function eventsOf(view: Readonly<Record<string, unknown>>): readonly string[] {
  return (view["auditTrail"] as readonly { readonly event_type: string }[]).map((entry) => entry.event_type);
}

export type Actions = ReturnType<typeof actionsOf>;

let written = 0;

/** What people, agents and workers do over HTTP, each checked by its answer's status. */
export function actionsOf({ client, members, reportKey, account }: Cast) {
  const keyOf = (name: Name): string => members[name].key;

  async function propose(destination: string, more: object = {}, by: Name = "importer"): Promise<Case> {
    written += 1;
    const proposal = {
      destination,
      policy: "held",
      payload: `email\nada${written}@example.com\n`,
      payload_name: "leads.csv",
      recordCount: 1,
      ...more,
    };
    const { body } = await client.call("POST", "/v1/intents", keyOf(by), proposal);
    return { id: text(body, "intentId"), proposal };
  }

  async function expectState(made: Case, expected: string): Promise<Case> {
    const { body } = await client.call("GET", `/v1/intents/${made.id}`, keyOf("ops"));
    if (body["state"] === expected) return made;
    throw new Error(`${made.id} is ${String(body["state"])} and not ${expected}: ${String(body["reason"])}`);
  }

  const pass = async (destination: string, more: object = {}): Promise<Case> =>
    expectState(await propose(destination, { policy: "open", ...more }), "approved");

  const hold = async (destination: string, more: object = {}): Promise<Case> =>
    expectState(await propose(destination, more), "pending_approval");

  async function act(id: string, by: Name, verb: string, body: object = {}): Promise<void> {
    await client.call("POST", `/v1/intents/${id}/${verb}`, keyOf(by), body);
  }

  async function vote(id: string, by: Name, body: object = {}): Promise<void> {
    const view = await client.call("GET", `/v1/intents/${id}`, keyOf(by));
    await act(id, by, "approve", { digest: text(view.body, "intent_digest"), ...body });
  }

  /** With a token of the issuer's, in place of a key. */
  async function voteByAccount(id: string): Promise<void> {
    await client.call("POST", `/v1/intents/${id}/approve`, tokenOf(account), {});
  }

  async function twoVotes(): Promise<Case> {
    const made = await hold("ledger.post", { policy: "two-votes" });
    await vote(made.id, "ana");
    await vote(made.id, "ben");
    return expectState(made, "approved");
  }

  async function order(id: string): Promise<Order> {
    const { body } = await client.call("POST", `/v1/intents/${id}/execute`, keyOf("importer"), {}, 201);
    return {
      executionId: text(body, "executionId"),
      token: text(body, "execution_token"),
      intentDigest: text(body, "intent_digest"),
    };
  }

  async function claim({ executionId, token }: Order): Promise<void> {
    await client.call("POST", `/v1/executions/${executionId}/claim`, keyOf("vpc-1"), {
      execution_token: token,
    });
  }

  function proofOf({ executionId, intentDigest }: Order, outcome: string): string {
    const claims = { order: executionId, intent_digest: intentDigest, outcome };
    return signed({ alg: "EdDSA", typ: "gate-report+jwt" }, claims, reportKey);
  }

  /** The runner's report is signed; an agent's comes with the order's token alone. */
  async function report(placed: Order, said: Report, isRunners = false): Promise<void> {
    const path = `/v1/executions/${placed.executionId}/report`;
    if (!isRunners) return void (await client.call("POST", path, placed.token, said));
    const proof = proofOf(placed, said.status);
    await client.call("POST", path, keyOf("vpc-1"), { ...said, execution_token: placed.token, proof });
  }

  async function deliver(id: string): Promise<string> {
    const { body } = await client.call("POST", "/v1/deliver", keyOf("importer"), { intentId: id });
    return text(body, "deliveryToken");
  }

  const download = (token: string) => client.send(`/v1/download/${token}`, {}, 200);

  async function edit(made: Case, by: Name, payload: string): Promise<string> {
    const { body: view } = await client.call("GET", `/v1/intents/${made.id}`, keyOf(by));
    const change = {
      payload,
      payload_name: "leads.csv",
      recordCount: 1,
      reason: "The address was wrong.",
      digest: text(view, "intent_digest"),
    };
    const { body } = await client.call("POST", `/v1/intents/${made.id}/edit`, keyOf(by), change);
    return text(body["successor"] as typeof body, "intentId");
  }

  async function repeat({ proposal }: Case): Promise<void> {
    await client.call("POST", "/v1/intents", keyOf("importer"), proposal, 409);
  }

  /** A write through the proxy; bytes that no decoder and encoder in between would leave alone. */
  async function proxy(path: string, expected: number, headers: Record<string, string> = {}): Promise<Case> {
    written += 1;
    const body = Buffer.from(`{ "name":"Ada",\t"note":"na\\u00efve – ${written}", "n": 1.0 }\r\n`);
    const sent = { "content-type": "application/json", ...headers };
    const init = { method: "POST", body, headers: { "x-gate-key": keyOf("importer"), ...sent } };
    const answer = await client.send(path, init, expected);
    const id = text({ id: answer.headers.get("x-gate-intent-id") }, "id");
    return { id, request: { path, headers: sent, base64: body.toString("base64") } };
  }

  /** Waits for an entry on the case's chain. */
  async function until(id: string, event: string): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const { body } = await client.call("GET", `/v1/intents/${id}`, keyOf("ops"));
      if (eventsOf(body).includes(event)) return;
      await pause(100);
    }
    throw new Error(`${id} never had ${event}`);
  }

  return {
    propose,
    pass,
    hold,
    act,
    vote,
    voteByAccount,
    twoVotes,
    order,
    claim,
    report,
    deliver,
    download,
    edit,
    repeat,
    proxy,
    until,
  };
}
