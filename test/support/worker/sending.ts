import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { executeWrite, type ExecutionResult } from "../../../src/app/execution/execute-write.ts";
import type { HttpWrite } from "../../../src/core/outbound/http-write.ts";
import type { Header } from "../../../src/core/outbound/header-names.ts";
import { err, ok } from "../../../src/core/base/result.ts";
import { portsOf } from "../../../src/env.ts";
import { govern } from "../../../src/app/proposals/govern.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { CallFailure, CallUpstream, UpstreamAnswer, UpstreamCall } from "../../../src/ports/upstream.ts";
import { fresh } from "./gate.ts";
import { bindings } from "./bindings.ts";
import { changeRules, RULES, type TestRules } from "./rules.ts";
import type { Intent } from "../../../src/ports/intents.ts";
import type { Principal } from "../client.ts";

/*
 * Writes that Gate sends, without a door and without an upstream: `ports.call` is the tests' own, and counts.
 */

const UPSTREAM = "https://upstream.example.com";

const to = `upstream: "${UPSTREAM}", credential: key`;

/** `crm.now` is approved at once, `crm.later` by a person, `crm.again` knows a repeat, `crm.own` has no credential. */
export const SENDING_RULES: TestRules = {
  policies: RULES.policies,
  registry: `${RULES.registry.trimEnd()}
  crm.now: { policies: [small], prefix: /now, ${to} }
  crm.later: { policies: [held], prefix: /later, ${to} }
  crm.again: { policies: [small], prefix: /again, ${to}, idempotent: true, idempotency_header: Idempotency-Key }
  crm.kept: { policies: [kept], prefix: /kept, ${to} }
  crm.counted: { policies: [limited], prefix: /counted, ${to} }
  crm.own: { policies: [small], prefix: /own, upstream: "${UPSTREAM}" }
credentials:
  key: { ref: env://SENDING_KEY }
`,
};

export async function useSendingRules(): Promise<void> {
  const retained = "allow_unmeasured: true\nauto_approve_under: 100\nretention_days: 1";
  bindings["SENDING_KEY"] = "sk_live_of_the_upstream_itself";
  const limited = "auto_approve_under: 100\nrate_limits: { per_agent_per_hour: 1000 }";
  await changeRules({ ...SENDING_RULES, policies: { ...SENDING_RULES.policies, kept: retained, limited } });
  ports = portsOf(env);
}

/** Created after the rules, whose source is known only then. */
export let ports: Ports;

export const PAYLOAD = '{"amount":12}';

/** Proposes a write as the reverse proxy does. */
export async function proposeWrite(
  agent: Principal,
  destination: string,
  change: { readonly attended?: boolean; readonly http?: Partial<HttpWrite> } = {},
): Promise<Intent> {
  const proposer = await ports.principals.get(agent.id);
  if (proposer === null) throw new Error("not registered");
  const isOwn = destination === "crm.own";
  const http: HttpWrite = {
    method: "POST",
    url: `${UPSTREAM}/things?for=${fresh("thing")}`,
    headers: [["content-type", "application/json"]],
    slot: isOwn ? null : { in: "header", name: "authorization" },
    idempotencyHeader: destination === "crm.again" ? "idempotency-key" : null,
    ...change.http,
  };
  const request = {
    destination,
    policy: "",
    action: "http.post",
    recordCount: null,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata: {},
    profile: null,
    expiresInMinutes: null,
    http,
  };
  const bytes = new TextEncoder().encode(PAYLOAD);
  const payload = { kind: "content", bytes, name: null, mediaType: "application/json" } as const;
  const { attended = false } = change;
  const governed = await govern({ request, payload, key: null, attended }, proposer, ports, Date.now());
  const id = governed.kind === "decided" ? governed.state.terms.id : "";
  const intent = ports.intents.find(id);
  if (intent === null || (governed.kind === "decided" && governed.state.phase === "blocked")) {
    throw new Error(`not let through: ${JSON.stringify(governed)}`);
  }
  return intent;
}

/** A stand-in for the upstream: the calls it got, and how it answers. */
export interface StandIn {
  readonly calls: UpstreamCall[];
  readonly ports: Ports;
  readonly send: (intent: Intent, own?: readonly Header[]) => Promise<ExecutionResult>;
}

export function standIn(call: CallUpstream, other: Partial<Ports> = {}): StandIn {
  const calls: UpstreamCall[] = [];
  const counted: CallUpstream = async (upstreamCall) => {
    if ((await upstreamCall.mayGo?.()) === false) {
      return err({ problem: "stopped", source: "request", detail: "no", sent: false });
    }
    calls.push(upstreamCall);
    return call(upstreamCall);
  };
  const made: Ports = { ...ports, ...other, callUpstream: counted };
  const send = async (intent: Intent, own?: readonly Header[]) => {
    if (own === undefined) return executeWrite(intent, made);
    const state = await intent.getState();
    if (state === null) throw new Error("there is no such intent");
    const { terms } = state;
    return executeWrite(intent, made, {
      terms,
      agentCredentials: own,
      body: null,
      reauthenticate: async () => ok(undefined),
    });
  };
  return { calls, ports: made, send };
}

export function answering(status: number, text = '{"id":"re_1"}', more: Partial<UpstreamAnswer> = {}) {
  return async () =>
    ok<UpstreamAnswer>({
      status,
      statusText: "",
      headers: [
        ["content-type", "application/json"],
        ["request-id", "req_1"],
      ],
      body: new Response(text).body,
      withheld: null,
      ...more,
    });
}

export function failing(problem: CallFailure["problem"], sent: boolean) {
  const source = sent ? "exchange" : "credential";
  return async () => err<CallFailure>({ problem, source, detail: "not now", sent });
}

/** Holds back the queue's messages; returns the intents of its `send` messages. */
export function holdQueue(): () => readonly string[] {
  const send = vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
  return () =>
    send.mock.calls.flatMap(([message]) => {
      const { type, intent } = message as { readonly type?: string; readonly intent?: string };
      return type === "send" && intent !== undefined ? [intent] : [];
    });
}
