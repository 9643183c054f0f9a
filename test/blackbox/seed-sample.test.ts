import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, printedKey, ROOT, runScript, serve, temporaryFolder } from "../support/command.ts";
test("the product page's sample runs, with a given key and with the local server's", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const { code, out, err } = await runScript(join(ROOT, "test", "support", "seed-sample.mjs"), {
    XDG_CONFIG_HOME: join(home.path, "config"),
    SAMPLE_ENDPOINT: `http://localhost:${port}`,
    SAMPLE_AGENT_KEY: printedKey(server.out(), "agent"),
    GATE_REVIEWER_KEY: printedKey(server.out(), "reviewer"),
  });
  expect(err).toBe("");
  expect(code).toBe(0);
  const [proposed = "", ...rest] = out.trim().split("\n");
  const [status, idType, score, level, blockReason] = JSON.parse(proposed) as unknown[];
  expect([status, idType, typeof score, typeof level, blockReason]).toEqual([
    "pending_approval",
    "string",
    "number",
    "string",
    null,
  ]);
  expect(rest).toEqual([
    "gex_",
    "proposed policy_checked approval_requested approval_vote_recorded approved execution_requested",
    "pending_approval",
    "approved",
    "blocked",
    "403 GateError true",
  ]);
});

test("the example in examples/ runs to its end", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const { code, out, err } = await runScript(join(ROOT, "examples", "propose.mjs"), {
    XDG_CONFIG_HOME: join(home.path, "config"),
    GATE_ENDPOINT: `http://localhost:${port}`,
    GATE_REVIEWER_KEY: printedKey(server.out(), "reviewer"),
  });
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toMatch(/^succeeded - proposed → .* → execution_succeeded$/m);
});
