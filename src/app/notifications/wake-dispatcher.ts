import { logLine } from "../../core/base/log-line.ts";
import type { Ports } from "../../ports/ports.ts";

type DispatchPorts = Pick<Ports, "deliveries">;

/** Never throws: a lost signal only costs a delay, since the dispatcher looks for rows by itself too. */
export async function wakeDispatcher({ deliveries }: DispatchPorts): Promise<void> {
  await orLog(deliveries.poke());
}

/** After a webhook was registered, or rules that may name the first channel. Never throws. */
export async function noteListener({ deliveries }: DispatchPorts): Promise<void> {
  await orLog(deliveries.listen());
}

async function orLog(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    console.error(logLine("dispatcher_wake_failed", { error: String(error) }));
  }
}
