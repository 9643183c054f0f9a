import { beforeAll, beforeEach, expect, test } from "vitest";
import { operationsOf, passTime } from "../../support/worker/budget/measure.ts";
import { costOf, listed } from "../../support/worker/budget/operations.ts";
import { castScenes, KINDS, type Cast } from "../../support/worker/budget/scenes.ts";
import { budgets, rowOf } from "../../support/worker/budget/table.ts";
import { upstream } from "../../support/worker/sent-writes.ts";

/* What each kind of request asks of D1, objects, alarms and the queue, against the table of docs/performance.md. */

let cast: Cast;

beforeAll(async () => {
  passTime(0);
  cast = await castScenes();
});

beforeEach(() => {
  upstream(() => Response.json({ id: "re_1" }));
});

test("the table of budgets has a row for each kind of request, and no other", () => {
  expect([...budgets().keys()]).toEqual(KINDS);
});

test.each(KINDS)("%s: the operations it causes are those of its budget", async (kind) => {
  const operations = await operationsOf(kind, cast);
  const cost = costOf(operations);
  const inOrder = `${rowOf(kind, cost)}\n${listed(operations)}`;
  if (process.env["GATE_TEST_BUDGET"] === "1") console.log(inOrder);
  expect(cost, `counted, and in which order:\n${inOrder}`).toEqual(budgets().get(kind));
});
