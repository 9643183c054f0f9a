import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { portsOf } from "./env.ts";
import { createApp } from "./http/app.ts";
import { tellChannel } from "./notify/channels/tell.ts";
import { work } from "./notify/work.ts";
import type { DeadlineMessage } from "./ports.ts";
import type { TellMessage } from "./ports/telling.ts";

export { AgentObject } from "../durable-objects/agent.ts";
export { DispatchObject } from "../durable-objects/dispatch.ts";
export { IntentObject } from "../durable-objects/intent.ts";
export { LogObject } from "../durable-objects/log.ts";

/**
 * Tells others, in a call of its own: a batch of the queue has not ended before what it waits for has, and the next
 * one would come only then. Nobody outside can call it.
 */
export class Teller extends WorkerEntrypoint<Env> {
  async begin(): Promise<void> {
    this.ctx.waitUntil(work(portsOf(this.env), tellChannel));
  }
}

const app = createApp();

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
    for (const message of batch.messages) {
      try {
        // Whatever else may have got into the queue names no intent, and is taken off it.
        const { intent, at } = (message.body ?? {}) as Partial<DeadlineMessage>;
        await ports.intents.find(String(intent))?.tick(typeof at === "number" ? at : null);
        message.ack();
      } catch (error) {
        console.error({ message: "deadline not applied", id: message.id, error: String(error) });
        message.retry();
      }
    }
  },
} satisfies ExportedHandler<Env, DeadlineMessage | TellMessage>;

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
