import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepLogCopy } from "../../../cli/serve/keep-log-copy.ts";
import { logCopyFile, readLogCopy } from "../../../cli/serve/log-copy.ts";
import { temporaryFolder } from "../../support/command.ts";

let folder: ReturnType<typeof temporaryFolder>;
/** The log that the server answers with, and the requests. */
let log: { rows: number | null; size: number };
let requests: string[];

beforeEach(() => {
  folder = temporaryFolder();
  log = { rows: 3, size: 3 };
  requests = [];
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  vi.stubGlobal("fetch", async (url: URL) => {
    requests.push(`${url.pathname}${url.search}`);
    // An admin's question that seals covers every row.
    if (url.pathname === "/log/health" && url.search === "") log.size = log.rows ?? log.size;
    if (url.pathname === "/log/health") return Response.json({ rows: log.rows });
    if (url.pathname === "/log/checkpoint") return new Response(`gate.example\n${log.size}\nroot\n`);
    return Response.json({ entry: { hash: `hash of ${Number(url.searchParams.get("from")) + 1}` } });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  folder[Symbol.dispose]();
});

function keeper() {
  const dataDir = `${folder.path}/data`;
  const started = keepLogCopy({
    url: new URL("http://gate.example"),
    adminKey: "key",
    gateSecret: "secret",
    dataDir,
    say: (line) => {
      throw new Error(line);
    },
  });
  const copied = () => {
    const copy = readLogCopy(logCopyFile(dataDir));
    return copy === null ? null : [copy.rows, copy.size, copy.lastHash];
  };
  const tick = async () => {
    requests = [];
    await vi.advanceTimersByTimeAsync(10_000);
    await vi.waitFor(() => expect(requests.length).toBeGreaterThan(0));
    await new Promise((resolve) => void setTimeout(resolve, 20));
  };
  return { ...started, copied, tick };
}

test("the copy counts rows that are not sealed yet, follows the checkpoint later, and seals nothing", async () => {
  log.rows = 5;
  const { copied, tick, stop } = keeper();
  await tick();
  expect(copied()).toEqual([5, 3, "hash of 3"]);
  log.size = 5;
  await tick();
  expect(copied()).toEqual([5, 5, "hash of 5"]);
  await tick();
  expect(requests).toEqual(["/log/health?seal=false"]);
  stop();
});

test("a copy taken at once seals first, so that it covers all of a server that stops", async () => {
  log.rows = 7;
  const { copied, save, stop } = keeper();
  await save();
  expect(copied()).toEqual([7, 7, "hash of 7"]);
  stop();
});

test("no copy is written of a ledger that nobody can count", async () => {
  log.rows = null;
  const { copied, tick, stop } = keeper();
  await tick();
  expect(copied()).toBeNull();
  stop();
});
