import { isSendDue } from "../../core/intent/sending.ts";
import type { Ports } from "../../ports/ports.ts";
import { executeWrite, type ExecutePorts } from "./execute-write.ts";

/** A queued send that failed in a way that its operator should know of. */
export interface QueuedSendFailure {
  /** False: certainly nothing was sent. */
  readonly sent: boolean;
  readonly why: string;
}

/**
 * Sends a write that the queue asks for. Messages arrive late and more than once, and name writes that only the agent's
 * own request can send, so a write that is not Gate's to send now is left alone.
 *
 * @returns null where it was sent, or where another call had it: refusals are what a repeated message gets
 */
export async function sendQueued(
  id: string,
  ports: ExecutePorts & Pick<Ports, "intents">,
): Promise<QueuedSendFailure | null> {
  const intent = ports.intents.find(id);
  const state = (await intent?.getState()) ?? null;
  if (intent === null || state === null || !isSendDue(state, Date.now())) return null;
  const attempt = await executeWrite(intent, ports);
  switch (attempt.kind) {
    case "answered":
      await attempt.rest?.cancel().catch(() => undefined);
      return null;
    case "refused":
      return null;
    case "unsent":
    case "unknown":
      return { sent: attempt.kind === "unknown", why: attempt.failure.problem };
    default:
      return { sent: false, why: attempt.kind };
  }
}
