import { startSweep } from "./app/evaluation/recheck-sweep.ts";
import { logLine } from "./core/base/log-line.ts";
import { portsOf } from "./env.ts";
import { logObjectsAsLines } from "./entrypoints/local-log.ts";
import type { Ports } from "./ports/ports.ts";
import { consumeBatch, type QueueMessage } from "./entrypoints/queue.ts";
import { createApp } from "./http/app.ts";

export { AgentObject } from "../durable-objects/agent/agent-object.ts";
export { DispatchObject } from "../durable-objects/dispatch/dispatch-object.ts";
export { IntentObject } from "../durable-objects/intent/intent-object.ts";
export { LogObject } from "../durable-objects/log/log-object.ts";
export { GovernedEgress } from "./entrypoints/governed-egress.ts";
export { NotificationWorker, Rechecker, Sender } from "./entrypoints/workers.ts";

logObjectsAsLines();

const app = createApp();

async function sweepIfChanged(ports: Ports): Promise<void> {
  try {
    await startSweep(ports, Date.now());
  } catch (error) {
    console.error(logLine("recheck_sweep_failed", { error: String(error) }));
  }
}

export default {
  fetch(request, env, ctx) {
    return app.fetch(request, portsOf(env), ctx);
  },

  /**
   * Wakes the log sealer, whose own alarm does the work; evaluates what waits again after a deploy changed the rules; and
   * reads them, which records whom they name, also where no request comes between two deployments. The local runtime has
   * no cron: readers wake the sealer, and the server's process asks for the evaluation.
   */
  async scheduled(_, env) {
    const ports = portsOf(env);
    await Promise.all([ports.log.poke(), ports.rules.current(), sweepIfChanged(ports)]);
  },

  queue: consumeBatch,
} satisfies ExportedHandler<Env, QueueMessage>;
