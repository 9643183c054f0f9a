import { WorkerEntrypoint } from "cloudflare:workers";
import { sendQueued } from "../app/execution/send-queued.ts";
import { sendToChannel } from "../app/notifications/channels/send.ts";
import { runDeliveries } from "../app/notifications/run-deliveries.ts";
import { logLine } from "../core/base/log-line.ts";
import { portsOf } from "../env.ts";

/**
 * Delivers notifications in a call of its own: the queue starts the next batch only after the current one, and a slow
 * channel must not delay deadlines. Reachable through `ctx.exports` alone.
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
    // The end of the batch would cancel a call whose upstream is slow, and leave a sent write without an outcome.
    this.ctx.waitUntil(sent);
    await sent;
  }

  async #send(id: string): Promise<void> {
    const failure = await sendQueued(id, portsOf(this.env));
    if (failure === null) return;
    const event = failure.sent ? "write_outcome_unknown" : "write_not_sent";
    console.error(logLine(event, { intent: id, why: failure.why }));
  }
}
