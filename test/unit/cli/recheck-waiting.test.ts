import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { recheckWaiting } from "../../../cli/serve/recheck-waiting.ts";
import type { Rules } from "../../../cli/serve/rules.ts";

const SOON = { timeout: 20_000, interval: 20 };

const rulesOf = (version: string): Rules => ({ version, policies: [], broken: [], registry: null });

function reply(response: ServerResponse, body: object): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

const BLOCKED = { intentId: "int_1", state: "pending_approval", becomes: "blocked", reason_code: "x" };

test("an edit during the preview of an earlier one is said once, with what the later rules make of the cases", async () => {
  let version = "first";
  const previews: string[] = [];
  const begun: string[] = [];
  const server = createServer((request, response) => {
    if (!request.url?.includes("dry_run")) {
      begun.push(version);
      return reply(response, { state: "done" });
    }
    previews.push(version);
    // The files change while the Worker reads them: this answer is of the later rules already.
    version = "second";
    return reply(response, { checked: 1, next: null, cases: [BLOCKED] });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const lines: string[] = [];
  const end = recheckWaiting({
    url: new URL(`http://127.0.0.1:${address.port}`),
    adminKey: "gate_ak_test_only",
    rules: { current: () => rulesOf(version) },
    say: (line) => void lines.push(line),
  });
  await vi.waitUntil(() => begun.length > 0, SOON);
  end();
  server.close();
  expect(previews).toEqual(["first", "second"]);
  expect(begun).toEqual(["second"]);
  expect(lines).toEqual(["changed rules: 0 held, 1 would be blocked"]);
});
