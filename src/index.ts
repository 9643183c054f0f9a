import { portsOf } from "./env.ts";
import { logObjectsAsLines } from "./entrypoints/local-log.ts";
import { consumeBatch, type QueueMessage } from "./entrypoints/queue.ts";
import { createApp } from "./http/app.ts";

export { AgentObject } from "../durable-objects/agent/agent-object.ts";
export { DispatchObject } from "../durable-objects/dispatch/dispatch-object.ts";
export { IntentObject } from "../durable-objects/intent/intent-object.ts";
export { LogObject } from "../durable-objects/log/log-object.ts";
export { GovernedEgress } from "./entrypoints/governed-egress.ts";
export { NotificationWorker, Sender } from "./entrypoints/workers.ts";

logObjectsAsLines();

const app = createApp();

export default {
  fetch(request, env, ctx) {
    return app.fetch(request, portsOf(env), ctx);
  },

  /**
   * Cron backup that wakes the log sealer, whose own alarm does the work. The local runtime has no cron; readers wake
   * it. Reading the rules records whom they name, also where no request comes between two deployments.
   */
  async scheduled(_, env) {
    const { log, rules } = portsOf(env);
    await Promise.all([log.poke(), rules.current()]);
  },

  queue: consumeBatch,
} satisfies ExportedHandler<Env, QueueMessage>;
