import { portsOf } from "./env.ts";
import { createApp } from "./http/app.ts";
import type { DeadlineMessage } from "./ports.ts";

export { AgentObject } from "../durable-objects/agent.ts";
export { IntentObject } from "../durable-objects/intent.ts";

const app = createApp();

export default {
  fetch(request, env, ctx) {
    return app.fetch(request, portsOf(env), ctx);
  },

  async queue(batch, env) {
    const { intents } = portsOf(env);
    for (const message of batch.messages) {
      try {
        await intents.find(message.body.intent)?.tick();
        message.ack();
      } catch (error) {
        console.error({ message: "deadline not applied", intent: message.body.intent, error: String(error) });
        message.retry();
      }
    }
  },
} satisfies ExportedHandler<Env, DeadlineMessage>;
