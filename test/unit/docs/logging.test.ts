import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LOG_EVENTS, logLine } from "../../../src/core/base/log-line.ts";

const PAGE = readFileSync(new URL("../../../docs/logging.md", import.meta.url), "utf8");

test("docs/logging.md has one row for each log event, in alphabetical order, and none besides", () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, event]) => event);
  expect(rows).toEqual(Object.keys(LOG_EVENTS).toSorted());
});

test("a log line carries the event, its message and the details", () => {
  expect(logLine("queue_send_failed", { intent: "int_1" })).toEqual({
    event: "queue_send_failed",
    message: "queue send failed",
    intent: "int_1",
  });
});
