import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { portsOf } from "./env.ts";
import { createApp } from "./http/app.ts";
import type { EgressProps } from "./http/egress/agent.ts";
import { createEgress } from "./http/egress/app.ts";
import { carryOut } from "./app/execution/execute-write.ts";
import { isToBeSent } from "./core/intent/sending.ts";
import { tellChannel } from "./app/notifications/channels/send.ts";
import { work } from "./app/notifications/run-deliveries.ts";
import type { DeadlineMessage, SendMessage } from "./ports/ports.ts";
import type { TellMessage } from "./ports/notifications.ts";

export { AgentObject } from "../durable-objects/agent/agent-object.ts";
export { DispatchObject } from "../durable-objects/dispatch/dispatch-object.ts";
export { IntentObject } from "../durable-objects/intent/intent-object.ts";
export { LogObject } from "../durable-objects/log/log-object.ts";

/**
 * Tells others, in a call of its own: a batch of the queue has not ended before what it waits for has, and the next
 * one would come only then. Nobody outside can call it.
 */
export class Teller extends WorkerEntrypoint<Env> {
  async begin(): Promise<void> {
    this.ctx.waitUntil(work(portsOf(this.env), tellChannel));
  }
}

/** Sends one approved write, in a call of its own. Nobody outside can call it. */
export class Sender extends WorkerEntrypoint<Env> {
  async send(id: string): Promise<void> {
    const sent = this.#send(id);
    // A batch doesn't wait for a slow upstream, and what it called would end with it: sent, and nothing recorded.
    this.ctx.waitUntil(sent);
    await sent;
  }

  async #send(id: string): Promise<void> {
    const ports = portsOf(this.env);
    const intent = ports.intents.find(id);
    // Messages come late and more than once, and where Gate has no credential only the agent can have it sent.
    const state = (await intent?.look()) ?? null;
    if (intent === null || state === null || !isToBeSent(state, Date.now())) return;
    const carried = await carryOut(intent, ports);
    if (carried.kind === "answered") await carried.rest?.cancel().catch(() => undefined);
    // Who asks twice is refused, and nothing is amiss; what else keeps a write from being sent is worth a line.
    else if (carried.kind !== "refused") {
      const why = "failure" in carried ? carried.failure.problem : carried.kind;
      console.error({
        message: carried.kind === "unknown" ? "sent, and no answer" : "not sent",
        intent: id,
        why,
      });
    }
  }
}

const app = createApp();
const egress = createEgress();

/**
 * Takes what a container, a sandbox or a Dynamic Worker sends out through the same decisions as the reverse proxy.
 * Workers of the same account reach it by a binding (docs/egress.md); nobody does from outside.
 */
export class GovernedEgress extends WorkerEntrypoint<Env, EgressProps> {
  override fetch(request: Request): Response | Promise<Response> {
    return egress.fetch(request, portsOf(this.env), this.ctx);
  }
}

export default {
  fetch(request, env, ctx) {
    return app.fetch(request, portsOf(env), ctx);
  },

  /** A pulse for the log; its own alarm does the work, and where no cron fires whoever reads the log wakes it. */
  async scheduled(_, env) {
    await portsOf(env).log.poke();
  },

  async queue(batch, env) {
    const ports = portsOf(env);
    // Whoever is slow to be told keeps no intent from ending in time. Should this fail, the dispatcher's alarm asks again.
    if (batch.messages.some(({ body }) => isTell(body))) await begun();
    const sent = sendAll(batch.messages.flatMap(({ body }) => (isSend(body) ? [body.intent] : [])));
    for (const message of batch.messages) {
      try {
        if (isSend(message.body)) continue;
        // Whatever else may have got into the queue names no intent, and is taken off it.
        const { intent, at } = (message.body ?? {}) as Partial<DeadlineMessage>;
        await ports.intents.find(String(intent))?.tick(typeof at === "number" ? at : null);
        message.ack();
      } catch (error) {
        console.error({ message: "deadline not applied", id: message.id, error: String(error) });
        message.retry();
      }
    }
    await ("LOCAL" in env ? Promise.race([sent, scheduler.wait(HEAD_START_MS)]) : sent);
  },
} satisfies ExportedHandler<Env, DeadlineMessage | TellMessage | SendMessage>;

/**
 * On one machine one batch comes after the other: each waits this long for its writes to be sent, so that with quick
 * upstreams as many are under way as a batch has, and a slow one holds up nobody. On the platform it waits to the end:
 * what it called would outlive it by 30 seconds, and an upstream may take minutes; where batches take long, more of
 * them run at once. Milliseconds.
 */
const HEAD_START_MS = 1_000;

/** Whatever is lost here is asked for again by the intent's alarm. */
async function sendAll(intents: readonly string[]): Promise<void> {
  const sent = intents.map((id) => exports.Sender.send(id));
  for (const [index, result] of (await Promise.allSettled(sent)).entries()) {
    if (result.status === "fulfilled") continue;
    console.error({ message: "not sent", intent: intents[index], error: String(result.reason) });
  }
}

function isSend(body: unknown): body is SendMessage {
  const { type, intent } = (body ?? {}) as Partial<SendMessage>;
  return type === "send" && typeof intent === "string";
}

async function begun(): Promise<void> {
  try {
    await exports.Teller.begin();
  } catch (error) {
    console.error({ message: "nobody told", error: String(error) });
  }
}

function isTell(body: unknown): boolean {
  return (body as Partial<TellMessage> | null)?.type === "tell";
}
