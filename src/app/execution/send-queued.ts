import { isSendDue } from "../../core/intent/sending.ts";
import type { Ports } from "../../ports/ports.ts";
import { executeWrite, type ExecutePorts } from "./execute-write.ts";

/** A failed queued send that the operator should know of. */
export interface QueuedSendFailure {
  /** False: certainly nothing was sent. */
  readonly sent: boolean;
  readonly why: string;
}

/**
 * Sends the write that a queue message names. Messages arrive late and more than once, and may name writes that only
 * the agent's own request can send, so a write that Gate may not send now is skipped.
 *
 * @returns null if the write was sent, or refused because another call has it, as for every repeated message
 */
export async function sendQueued(
  id: string,
  ports: ExecutePorts & Pick<Ports, "intents" | "ahead">,
): Promise<QueuedSendFailure | null> {
  const intent = ports.intents.find(id);
  if (intent !== null) ports.ahead(id);
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
