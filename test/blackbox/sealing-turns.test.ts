import { join } from "node:path";
import { expect, test } from "vitest";
import { appendRows, openLedger, SECRET } from "../../bench/support/ledger-rows.ts";
import { freePort, printedKey, serve, temporaryFolder } from "../support/command.ts";
import { origin } from "../support/ledger-server.ts";

const ROWS = 6_000;

/** One request in every fifth gap between two pages of 128 rows; a run that lets nobody in has two, before and after. */
const REQUESTS = 10;

test("a log that seals thousands of rows lets other requests of the server run in between", async () => {
  using folder = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: folder.path, env: { GATE_SECRET: SECRET } });
  using database = openLedger(join(folder.path, "data"));
  appendRows(database, 0, ROWS);
  const run = { isDone: false };
  const headers = { Authorization: `Bearer ${printedKey(server.out(), "admin")}` };
  const sealing = fetch(`${origin(port)}/log/seal`, { method: "POST", headers }).finally(
    () => (run.isDone = true),
  );
  let answered = 0;
  while (!run.isDone) {
    expect((await fetch(`${origin(port)}/health`)).status).toBe(200);
    answered += 1;
  }
  const response = await sealing;
  expect([response.status, Number((await response.text()).split("\n")[1])]).toEqual([
    200,
    expect.any(Number),
  ]);
  expect(answered).toBeGreaterThanOrEqual(REQUESTS);
});
