import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Body, crmImport, type Gate, type Role, startGate, text } from "../gate.ts";
import { documentFor } from "./document.ts";

/** More than a fuzzer sends. */
const PER_MINUTE = "1000000";

export interface Fuzzed extends AsyncDisposable {
  readonly gate: Gate;
  readonly callers: readonly {
    readonly role: Role;
    readonly key: string;
    /** The file of what it may call. */
    readonly document: string;
  }[];
}

/** A server with a few records of each kind, whose limits no fuzzer reaches. */
export async function fuzzedScene(): Promise<Fuzzed> {
  const gate = await startGate({
    env: {
      GATE_PROPOSALS_PER_MINUTE: PER_MINUTE,
      GATE_REQUESTS_PER_MINUTE: PER_MINUTE,
      GATE_EVIDENCE_PER_MINUTE: PER_MINUTE,
      GATE_HEARTBEATS_PER_MINUTE: PER_MINUTE,
      GATE_PROXIED_REQUESTS_PER_MINUTE: PER_MINUTE,
    },
  });
  const { agent, reviewer } = await gate.cast();
  const propose = async (records: number, more: Body = {}) =>
    text((await gate.call("POST", "/v1/intents", agent.key, crmImport(records, more))).body, "intentId");
  const held = await propose(500, { payload: "name\nAda\n", payload_name: "held.csv" });
  const approved = await propose(5);
  const ordered = await propose(6);
  const order = await gate.call("POST", `/v1/intents/${ordered}/execute`, agent.key);
  const webhook = await gate.call("POST", "/v1/webhooks", gate.adminKey, {
    url: "https://receiver.example/",
    events: ["intent.payload_erased"],
  });
  // Not those whose keys send the requests: a fuzzer that suspends itself learns nothing more.
  const others = await Promise.all([
    gate.register("agent"),
    gate.register("runner"),
    gate.register("auditor"),
  ]);
  const intents = [held, approved, ordered];
  const ids = {
    "/v1/intents/": intents,
    "/v1/proposals/": intents,
    "/v1/audit/": intents,
    "/cases/": intents,
    "/v1/executions/": [text(order.body, "executionId")],
    "/v1/agents/": others.map(({ id }) => id),
    "/v1/webhooks/": [text(webhook.body, "id")],
  };
  const caller = (role: Role, key: string, withPublic = false) => {
    const document = join(gate.home, `openapi-${role}.json`);
    writeFileSync(document, documentFor(role, ids, withPublic));
    return { role, key, document };
  };
  return {
    gate,
    callers: [
      caller("agent", agent.key, true),
      caller("reviewer", reviewer.key),
      caller("admin", gate.adminKey),
    ],
    [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
  };
}
