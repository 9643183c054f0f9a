import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/command.ts";

const MODULE = JSON.stringify(join(ROOT, "cli", "stop-signal.ts"));

/** Node is told of the signal while the program is busy, as it is while the command's modules load. */
const PROGRAM = `
import { exitOnStopSignal, onStopSignal } from ${MODULE};
exitOnStopSignal(() => process.exit(3));
process.kill(process.pid, "SIGINT");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
const stop = onStopSignal();
const alive = setTimeout(() => process.exit(4), 5_000);
await stop.requested;
clearTimeout(alive);
process.stdout.write("stopping in order");
process.exit(0);
`;

test("a Ctrl-C that arrives while the command loads is not lost, and ends it in order", () => {
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], {
    encoding: "utf8",
  });
  expect([status, stdout]).toEqual([0, "stopping in order"]);
});
