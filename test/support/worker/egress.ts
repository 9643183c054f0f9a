import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import { answerOf, type Answer } from "../client.ts";
import { bindings } from "./bindings.ts";
import { changeRules, RULES } from "./rules.ts";

/** The credential that Gate injects into requests to `crm.example.com`. */
export const CREDENTIAL = "sk_live_nothing_of_it_comes_back";

const REGISTRY = `${RULES.registry.trimEnd()}
  crm.out-first: { policies: [held], upstream: https://crm.example.com/v1/first }
  crm.out:
    policies: [measured]
    upstream: https://crm.example.com
    reads: [{ method: GET, path: /v1/* }]
    credential: out
  crm.out-held: { policies: [held], upstream: https://crm.example.com/v1/refunds, credential: out }
  crm.out-paid: { policies: [measured], upstream: https://crm.example.com/v1/paid, credential: out, amount: { path: amount, unit: major, currency: USD } }
  crm.out-own: { policies: [held], upstream: https://own.example.com/api }
  crm.out-twice: { policies: [small], upstream: https://twice.example.com }
  crm.out-again: { policies: [held], upstream: https://twice.example.com/ }
  crm.out-both: { policies: [held], upstream: https://both.example.com, prefix: /both }
  crm.out-made: { policies: [small], upstream: https://both.example.com, executor: gate, execute: { method: POST, path: /x } }
  crm.out-number: { policies: [small], upstream: "http://127.0.0.1:8099", allow_private: true, reads: [{ method: GET, path: /* }] }
  crm.out-runner: { policies: [small], upstream: https://runner.example.com, executor: runner, runners: [vpc-1] }
credentials:
  out: { ref: env://OUT_KEY }
`;

/** Puts destinations in force that have upstreams and no prefixes. */
export async function setEgressScene(unknownHosts: "allow" | "block" = "block"): Promise<void> {
  bindings["OUT_KEY"] = CREDENTIAL;
  await changeRules({ policies: RULES.policies, registry: `unknown_hosts: ${unknownHosts}\n${REGISTRY}` });
}

/** One request as the server on the internet got it. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly redirect: string;
  readonly text: string;
}

/** The internet, in the place of the platform's `fetch`. */
export function internet(
  answer: (request: Arrived) => Response = () => Response.json({ ok: true }),
): Arrived[] {
  const arrived: Arrived[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, { ...init, signal: null });
    const { method, url, headers, redirect } = request;
    const got = { method, url, headers: Object.fromEntries(headers), redirect, text: await request.text() };
    arrived.push(got);
    return answer(got);
  });
  return arrived;
}

/** An agent's code in its Dynamic Worker: it makes the requests that the test instructs it to make. */
const AGENT = `
import { connect } from "cloudflare:sockets";

export default {
  async fetch(request) {
    const { url, init, how } = await request.json();
    try {
      if (how === "connect") {
        const socket = connect(url);
        await socket.writable.getWriter().write(new TextEncoder().encode("hello"));
        const { done } = await socket.readable.getReader().read();
        return new Response(done ? "closed" : "answered");
      }
      const answer = await fetch(url, { redirect: "manual", ...init });
      return new Response([204, 304].includes(answer.status) ? null : answer.body, answer);
    } catch (error) {
      return new Response(String(error), { status: 599 });
    }
  },
};`;

type Loopback = (options: { props: unknown }) => Fetcher;

/** A real Dynamic Worker whose only way out is Gate's. */
export function dynamicWorker(props: unknown): Fetcher {
  const { GovernedEgress } = exports as unknown as { GovernedEgress: Loopback };
  return (bindings["LOADER"] as WorkerLoader)
    .load({
      compatibilityDate: "2026-10-23",
      mainModule: "agent.js",
      modules: { "agent.js": AGENT },
      env: {},
      globalOutbound: GovernedEgress({ props }),
    })
    .getEntrypoint();
}

export interface Wanted {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect?: string;
}

/** The response that the agent's code gets for this URL. */
export async function out(
  props: unknown,
  url: string,
  init: Wanted = {},
  how: "fetch" | "connect" = "fetch",
): Promise<Answer> {
  const instruction = {
    method: "POST",
    body: JSON.stringify({ url, init, how }),
    redirect: "manual",
  } as const;
  return answerOf(await dynamicWorker(props).fetch("http://agent.test/", instruction));
}

export async function readsOf(agent: string): Promise<Readonly<Record<string, number>>> {
  const { results } = await env.DB.prepare(
    "SELECT destination, sum(count) AS count FROM proxy_reads WHERE agent_id = ?1 GROUP BY destination",
  )
    .bind(agent)
    .all<{ destination: string; count: number }>();
  return Object.fromEntries(results.map(({ destination, count }) => [destination, count]));
}
