import { WorkerEntrypoint } from "cloudflare:workers";
import { continueSweep } from "../app/evaluation/recheck-sweep.ts";
import { forRequest } from "../app/for-request.ts";
import { sendQueued } from "../app/execution/send-queued.ts";
import { sendToChannel } from "../app/notifications/channels/send.ts";
import { runDeliveries } from "../app/notifications/run-deliveries.ts";
import { logLine } from "../core/base/log-line.ts";
import type { RecheckMessage } from "../ports/recheck-sweeps.ts";
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

/**
 * Evaluates one page of what waits under changed rules, in a call of its own: measuring large payloads must not delay
 * deadlines. Reachable through `ctx.exports` alone.
 */
export class Rechecker extends WorkerEntrypoint<Env> {
  async begin(page: RecheckMessage): Promise<void> {
    this.ctx.waitUntil(this.#run(page));
  }

  async #run(page: RecheckMessage): Promise<void> {
    try {
      await continueSweep(page, portsOf(this.env), Date.now);
    } catch (error) {
      console.error(logLine("recheck_sweep_failed", { error: String(error) }));
    }
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
    const failure = await sendQueued(id, forRequest(portsOf(this.env)));
    if (failure === null) return;
    const event = failure.sent ? "write_outcome_unknown" : "write_not_sent";
    console.error(logLine(event, { intent: id, why: failure.why }));
  }
}
