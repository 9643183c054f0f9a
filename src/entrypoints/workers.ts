import { WorkerEntrypoint } from "cloudflare:workers";
import { carryOut } from "../app/execution/execute-write.ts";
import { sendToChannel } from "../app/notifications/channels/send.ts";
import { runDeliveries } from "../app/notifications/run-deliveries.ts";
import { logLine } from "../core/base/log-line.ts";
import { isToBeSent } from "../core/intent/sending.ts";
import { portsOf } from "../env.ts";

/**
 * Delivers notifications in a call of its own: the queue hands over the next batch only when the current one has ended,
 * and a slow channel must not delay deadlines. Reachable through `ctx.exports` alone.
 */
export class NotificationWorker extends WorkerEntrypoint<Env> {
  async begin(): Promise<void> {
    this.ctx.waitUntil(runDeliveries(portsOf(this.env), sendToChannel));
  }
}

/** Sends one approved write, in a call of its own. Reachable through `ctx.exports` alone. */
export class Sender extends WorkerEntrypoint<Env> {
  async send(id: string): Promise<void> {
    const sent = this.#send(id);
    // The batch may end before a slow upstream answers, and its end would cancel the call: sent, and no outcome recorded.
    this.ctx.waitUntil(sent);
    await sent;
  }

  async #send(id: string): Promise<void> {
    const ports = portsOf(this.env);
    const intent = ports.intents.find(id);
    // Queue messages arrive late and more than once; without a credential at Gate only the agent's own call can send.
    const state = (await intent?.look()) ?? null;
    if (intent === null || state === null || !isToBeSent(state, Date.now())) return;
    const carried = await carryOut(intent, ports);
    if (carried.kind === "answered") await carried.rest?.cancel().catch(() => undefined);
    // A refusal is the expected answer to a repeated message; any other failure is logged for the operator.
    else if (carried.kind !== "refused") {
      const why = "failure" in carried ? carried.failure.problem : carried.kind;
      const event = carried.kind === "unknown" ? "write_outcome_unknown" : "write_not_sent";
      console.error(logLine(event, { intent: id, why }));
    }
  }
}
