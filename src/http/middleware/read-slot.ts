import { LARGE_BODY_BYTES } from "../../core/base/body-limits.ts";
import type { ReleaseSlot } from "../../ports/body-slots.ts";
import { refuse } from "../problem/problem.ts";
import type { GateContext } from "./context.ts";

/** How long a reader of a large body waits for its place. */
const READ_SLOT_WAIT_MS = 10_000;

/** A place for reading a stored body, which a small one doesn't need; 503 while all are taken. */
export async function takeReadSlot(c: GateContext, bytes: number): Promise<ReleaseSlot> {
  if (bytes <= LARGE_BODY_BYTES) return () => undefined;
  const ports = c.env;
  const release = await ports.readSlots.take(c.var.limitKey ?? c.req.path, READ_SLOT_WAIT_MS);
  return (
    release ??
    refuse({
      status: 503,
      code: "large_bodies_busy",
      detail: "As many large payloads are being read as Gate allows at once, or with this key. Try again.",
      headers: { "Retry-After": "5" },
    })
  );
}
