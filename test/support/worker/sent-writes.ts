import { vi } from "vitest";
import { call, fresh, send, stateOf, until } from "./gate.ts";
import { bindings } from "./bindings.ts";
import { changeRules, RULES } from "./rules.ts";
import type { Answer, Principal } from "../client.ts";

/** The credential that Gate injects; no response, page or log line may contain it. */
export const CREDENTIAL = "sk_live_of_the_upstream_itself";

export const UPSTREAM = "https://upstream.example.com/api";

/** One request as the upstream got it. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
}

/** Puts destinations in force whose writes Gate sends: held ones, one that anybody approves, one without a credential. */
export async function setSentScene(): Promise<void> {
  bindings["SENT_KEY"] = CREDENTIAL;
  const to = `upstream: "${UPSTREAM}"`;
  const destinations = [
    `crm.sent: { policies: [held], prefix: /sent, ${to}, credential: sent }`,
    `crm.sent-by-ana: { policies: [by-ana], prefix: /sent-by-ana, ${to}, credential: sent }`,
    `crm.sent-by-link: { policies: [by-link], prefix: /sent-by-link, ${to}, credential: sent }`,
    `crm.sent-edited: { policies: [editable], prefix: /sent-edited, ${to}, credential: sent }`,
    `crm.sent-once: { policies: [held], prefix: /sent-once, ${to}, credential: sent, idempotent: true, idempotency_header: Idempotency-Key }`,
    `crm.repeated: { policies: [held], prefix: /repeated, ${to} }`,
  ];
  const registry = `${RULES.registry.trimEnd()}\n  ${destinations.join("\n  ")}\ncredentials:\n  sent: { ref: env://SENT_KEY }\n`;
  await changeRules({ policies: RULES.policies, registry });
}

/** The upstream, in the place of the platform's `fetch`. */
export function upstream(answer: (request: Arrived) => Response | Promise<Response>): Arrived[] {
  const arrived: Arrived[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, { ...init, signal: null });
    const { method, url, headers } = request;
    const got = { method, url, headers, text: await request.text() };
    arrived.push(got);
    return answer(got);
  });
  return arrived;
}

export interface Wanted {
  readonly path: string;
  readonly method?: string;
  readonly body?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a write through the proxy. */
export async function through(agent: Principal, wanted: Wanted): Promise<Answer> {
  const {
    path,
    method = "POST",
    body = JSON.stringify({ amount: 12, for: fresh("order") }),
    headers = {},
  } = wanted;
  return send(path, {
    method,
    headers: { "X-Gate-Key": agent.key, "Content-Type": "application/json", ...headers },
    body,
    redirect: "manual",
  });
}

/** A write through the proxy that is held. */
export async function heldThrough(agent: Principal, wanted: Wanted): Promise<string> {
  const answer = await through(agent, wanted);
  if (answer.status !== 202) throw new Error(`not held: ${answer.status} ${answer.text}`);
  return answer.body.intentId;
}

/** Approves it and waits until what Gate does with it has ended so. */
export async function approved(intent: string, reviewer: Principal, state: string): Promise<void> {
  const answer = await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
  if (answer.status !== 200) throw new Error(answer.text);
  await until(async () => {
    const now = await stateOf(intent);
    if (now !== state) throw new Error(`${now}, not ${state}`);
  });
}
