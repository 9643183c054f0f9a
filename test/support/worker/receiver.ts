import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { sendToChannel } from "../../../src/app/notifications/channels/send.ts";
import { runDeliveries, type SendToChannel } from "../../../src/app/notifications/run-deliveries.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import { DISPATCHER } from "../../../src/ports/notifications.ts";
import type { DispatchObject } from "../../../durable-objects/dispatch/dispatch-object.ts";
import { admin, call, fresh } from "./gate.ts";

/** One request as it came in. */
export interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // Tests look at what came over the wire, whatever it was.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export type Answering = (request: Received, signal: AbortSignal | null) => Response | Promise<Response>;

/**
 * Receivers on the internet, each at a host of its own, in place of the platform's `fetch`: Gate's requests are
 * recorded and answered by the test.
 */
export class Internet {
  readonly #hosts = new Map<string, Answering>();
  readonly received: Received[] = [];

  constructor() {
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(input as RequestInfo, { ...init, signal: null });
      const text = await request.text();
      const received: Received = {
        url: request.url,
        headers: Object.fromEntries(request.headers),
        text,
        body: text.startsWith("{") ? JSON.parse(text) : text,
      };
      const answer = this.#hosts.get(new URL(request.url).hostname);
      if (answer === undefined) throw new TypeError(`nobody is at ${request.url}`);
      this.received.push(received);
      return answer(received, init?.signal ?? null);
    });
  }

  /** Adds a receiver; returns its URL. */
  at(answer: Answering = () => new Response(null, { status: 204 })): string {
    const host = `${fresh("receiver")}.example.com`;
    this.#hosts.set(host, answer);
    return `https://${host}/hook?token=in-the-address`;
  }

  to(url: string): readonly Received[] {
    return this.received.filter((request) => request.url === url);
  }
}

/** Never answers; ends when the request is aborted. */
export const hanging: Answering = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("aborted")));
  });

/** The ports of the Worker under test. */
export function ports(): Ports {
  return portsOf(env as Parameters<typeof portsOf>[0]);
}

export function dispatcher(): DurableObjectStub<DispatchObject> {
  return env.DISPATCH.getByName(DISPATCHER);
}

/** Runs the deliveries that one `notify` message of the queue triggers. */
export function runNotifications(
  world: Partial<Ports> = {},
  channel: SendToChannel = sendToChannel,
): Promise<void> {
  return runDeliveries({ ...ports(), ...world }, channel);
}

/** Replaces the queue by a spy, so that the test decides when deliveries run. */
export function stopQueue() {
  return vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
}

export interface Hook {
  readonly id: string;
  readonly secret: string;
}

export async function registerHook(url: string, events?: readonly string[]): Promise<Hook> {
  const answer = await call("POST", "/v1/webhooks", admin, events === undefined ? { url } : { url, events });
  if (answer.status !== 201) throw new Error(`not registered: ${answer.text}`);
  return answer.body;
}

// oxlint-disable-next-line typescript/no-explicit-any
export async function logOf(hook: string): Promise<readonly any[]> {
  return (await call("GET", `/v1/webhooks/${hook}/deliveries`, admin)).body.deliveries;
}
