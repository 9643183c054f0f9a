import { expect, test } from "vitest";

import { bindings, restartWorker } from "../../support/worker/bindings.ts";
import { send } from "../../support/worker/gate.ts";

test("a log that never got to a checkpoint has none: 503, and no empty one", async () => {
  // Nothing is sealed before the restore is recorded.
  const at = new Date(Date.now() - 60_000).toISOString();
  bindings["GATE_RESTORED_AT"] = at;
  restartWorker({ GATE_RESTORED_AT: at });
  const { status, body, headers } = await send("/log/checkpoint", {});
  expect([status, body.code, headers.get("Retry-After")]).toEqual([503, "log_unavailable", "5"]);
});
