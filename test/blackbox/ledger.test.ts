import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frontierOf, EMPTY_FRONTIER, appendLeaf, rootOf } from "../../cli/ledger/frontier.ts";
import { inclusionProof } from "../../src/core/tlog/proofs.ts";
import type { BundleEntry } from "../../verifier/bundle.ts";
import { hashEntry } from "../../verifier/entry.ts";
import { leafHash, nodeHash, type HashAt } from "../../src/core/tlog/tree.ts";
import {
  freePort,
  printedKey,
  run,
  type RunningCommand,
  serve,
  startCommand,
  temporaryFolder,
} from "../support/command.ts";
import { failing, ledger, origin } from "../support/ledger-server.ts";
import { clientAt } from "../support/client.ts";

// ─── The right edge of a tree ───

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const leaves = Array.from({ length: 70 }, (_, at) => leafHash(Uint8Array.of(at)));
const hashAt: HashAt = (level, index) =>
  level === 0
    ? (leaves[index] ?? new Uint8Array())
    : nodeHash(hashAt(level - 1, 2 * index), hashAt(level - 1, 2 * index + 1));

describe("the frontier of a signed tree", () => {
  test("is computed from the proof of its last leaf, and grows as the tree does", () => {
    let grown = EMPTY_FRONTIER;
    for (const [at, leaf] of leaves.entries()) {
      grown = appendLeaf(grown, leaf);
      const size = at + 1;
      const proof = inclusionProof(at, size, hashAt).map(base64);
      expect(frontierOf(size, rootOf(grown), base64(leaf), proof), String(size)).toEqual(grown);
    }
  });

  test("is refused when any part of the proof is wrong", () => {
    const edge = leaves.slice(0, 13).reduce(appendLeaf, EMPTY_FRONTIER);
    const root = rootOf(edge);
    const leaf = base64(leaves[12] ?? new Uint8Array());
    const proof = inclusionProof(12, 13, hashAt).map(base64);
    expect(frontierOf(13, root, leaf, proof)).not.toBeNull();
    expect(frontierOf(12, root, leaf, proof)).toBeNull();
    expect(frontierOf(14, root, leaf, proof)).toBeNull();
    expect(frontierOf(0, root, leaf, proof)).toBeNull();
    expect(frontierOf(13, root, leaf, [...proof, leaf])).toBeNull();
    expect(frontierOf(13, root, leaf, proof.slice(1))).toBeNull();
    expect(frontierOf(13, root, leaf, ["AAAA", ...proof.slice(1)])).toBeNull();
    expect(frontierOf(13, root, "", proof)).toBeNull();
    expect(frontierOf(13, leaves[0] ?? root, leaf, proof)).toBeNull();
  });
});

// ─── The commands, at a real server ───

const folder = temporaryFolder();
const SMALL = {
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload_name: "leads.csv",
  recordCount: 1,
};

let server: RunningCommand;
let port: number;
let keys: { readonly admin: string; readonly agent: string };
let connection: readonly string[];
let vkey: string;
let proposals = 0;

async function propose(): Promise<string> {
  proposals += 1;
  const proposal = { ...SMALL, payload: `email\nada${proposals}@example.com\n` };
  const { body } = await clientAt(port).call("POST", "/v1/intents", keys.agent, proposal);
  return String(body["intentId"]);
}

async function seal(): Promise<string> {
  const headers = { authorization: `Bearer ${keys.admin}` };
  const response = await fetch(`${origin(port)}/log/seal`, { method: "POST", headers });
  return response.text();
}

const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  port = await freePort();
  server = await serve({ port, home: folder.path });
  keys = { admin: printedKey(server.out(), "admin"), agent: printedKey(server.out(), "agent") };
  writeFileSync(at("key"), `${keys.admin}\n`);
  connection = ["--server", origin(port), "--api-key-file", at("key")];
  await propose();
  writeFileSync(at("first.txt"), await seal());
  const { body } = await clientAt(port).call("GET", "/.well-known/gate", keys.agent);
  ({ vkey } = body["log"] as { readonly vkey: string });
});

afterAll(async () => {
  await server?.end();
  folder[Symbol.dispose]();
});

describe("the command ledger verify", () => {
  test("without a pinned key checks everything of a server and reports it as not proven", async () => {
    const { code, out } = await ledger(["verify", ...connection]);
    expect(code).toBe(1);
    expect(out).toContain("a key from the verified server itself proves nothing against that server");
    expect(out).toContain(`--key ${vkey}`);
    expect(out).toContain("INCOMPLETE");
    expect(out).not.toContain("FAILS");
  });

  test("with the key and an older checkpoint proves a server's log", async () => {
    await propose();
    const { code, out } = await ledger([
      "verify",
      ...connection,
      "--key",
      vkey,
      "--checkpoint",
      at("first.txt"),
    ]);
    expect(out).toContain("PROVEN");
    expect(code).toBe(0);
  });

  test("reads a bundle from a file or pipe, and links it to an older checkpoint by a proof", async () => {
    const id = await propose();
    const bundle = await clientAt(port).call("GET", `/v1/intents/${id}/evidence`, keys.admin);
    writeFileSync(at("bundle.json"), JSON.stringify(bundle.body, null, 2));
    const verify = (...more: readonly string[]) => ledger(["verify", at("bundle.json"), ...more]);
    const shown = await ledger(["show", at("bundle.json"), "--key", vkey]);
    expect([shown.code, shown.out.trim().split("\n").length]).toEqual([0, 8]);
    expect(shown.out).toMatch(/^agent +local-agent \(agt_\S+\)$/m);
    const { checkpoint } = bundle.body["log"] as { readonly checkpoint: string };
    const size = Number(checkpoint.split("\n")[1]);
    const old = Number(readFileSync(at("first.txt"), "utf8").split("\n")[1]);
    const proof = await clientAt(port).call(
      "GET",
      `/log/proof/consistency?old=${old}&new=${size}`,
      keys.admin,
    );
    writeFileSync(at("proof.json"), JSON.stringify(proof.body));
    const wrong = await clientAt(port).call(
      "GET",
      `/log/proof/consistency?old=${old - 1}&new=${size}`,
      keys.admin,
    );
    writeFileSync(at("wrong.json"), JSON.stringify(wrong.body));

    expect(await verify("--key", vkey)).toMatchObject({ code: 0 });
    expect(await verify()).toMatchObject({
      code: 1,
      out: expect.stringContaining("No trusted key was given"),
    });
    const linked = ["--key", vkey, "--checkpoint", at("first.txt")];
    expect(await verify(...linked, "--proof", at("proof.json"))).toMatchObject({ code: 0 });
    // A requested comparison that could not be made is not a pass.
    expect(await verify(...linked)).toMatchObject({ code: 1, out: expect.stringContaining("--proof") });
    const other = await verify(...linked, "--proof", at("wrong.json"), "--json");
    expect(failing(other.out)["consistency"]).toContain("history was rewritten");
    const another = await verify("--key", vkey, "--origin", "another.example", "--json");
    expect(failing(another.out)["origin"]).toContain('not of "another.example"');
  });

  test.each([
    ["nothing is named", [], "name a bundle"],
    ["the file is not there", ["nowhere.json"], "can't be read"],
    ["the key is none", ["x.json", "--key", "gate.example+00000000+AAAA"], "--key takes"],
    ["an export comes without a key", ["EXPORT"], "contains no keys"],
    ["the checkpoint is not there", ["EXPORT", "--checkpoint", "nowhere.txt"], "can't be read"],
    ["an option is unknown", ["x.json", "--trust-me"], "--trust-me"],
    ["a file and a server are named", ["x.json", "--server", "http://localhost"], "not both"],
    ["the server is no URL", ["--server", "localhost"], "takes an http(s) URL"],
    ["a key stands in the URL", ["--server", "http://a:b@localhost"], "ends up in logs"],
    ["there is no key to ask with", ["--server", "http://127.0.0.1:9"], "GATE_API_KEY"],
  ])("exits with 2 when %s", async (_, args, words) => {
    writeFileSync(at("some.ndjson"), '{"index":0,"entry":{}}\n');
    const { code, err } = await ledger([
      "verify",
      ...args.map((arg) => (arg === "EXPORT" ? at("some.ndjson") : arg)),
    ]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) });
  });

  test.each([
    ["empty", Buffer.alloc(0), 2],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0xfe]), 2],
    ["no JSON", Buffer.from("hello"), 1],
    ["another JSON", Buffer.from('{"format":"else"}'), 1],
    ["nested deeply", Buffer.from("[".repeat(100_000)), 1],
    ["an export of one endless line", Buffer.from(`{"index":0,"x":"${"a".repeat(3_000_000)}`), 1],
    ["an export cut off within a line", Buffer.from('{"index":0,"ent'), 1],
  ])("refuses a file that is %s", async (_, bytes, expected) => {
    writeFileSync(at("odd"), bytes);
    expect(await ledger(["verify", at("odd"), "--key", vkey])).toMatchObject({ code: expected });
    expect(await ledger(["show", at("odd"), "--key", vkey])).toMatchObject({ code: 2, out: "" });
  });

  test("reports a wrong key or server without printing a key", async () => {
    writeFileSync(at("wrong.key"), "gate_sk_wrong");
    writeFileSync(at("agent.key"), keys.agent);
    const free = await freePort();
    for (const [url, file, words] of [
      [origin(port), "wrong.key", "(401)"],
      [origin(port), "agent.key", "(403)"],
      [origin(free), "key", "ECONNREFUSED"],
    ] as const) {
      for (const command of ["verify", "export"]) {
        const { code, err } = await ledger([command, "--server", url, "--api-key-file", at(file)]);
        expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(words) });
        expect(err).not.toContain(readFileSync(at(file), "utf8").trim());
      }
    }
  });

  test("runs with the key from the environment and evidence from a pipe", async () => {
    const env = { GATE_API_KEY: keys.admin };
    const whole = await run(["ledger", "verify", "--server", origin(port), "--key", vkey], { env });
    expect(whole).toMatchObject({ code: 0, out: expect.stringContaining("PROVEN") });
    expect(await run(["ledger", "--help"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("Exit codes"),
    });
    expect(await run(["ledger", "forget"])).toMatchObject({ code: 2 });
  });
});

describe("the command ledger export", () => {
  const exportTo = (name: string, ...more: readonly string[]) =>
    ledger(["export", ...connection, "--out", at(name), ...more]);
  const verifies = (name: string, ...more: readonly string[]) =>
    ledger(["verify", at(name), "--key", vkey, ...more]);

  test("writes a file that verifies, and continues an existing one", async () => {
    await seal();
    expect(await exportTo("log.ndjson")).toMatchObject({ code: 0 });
    expect(await verifies("log.ndjson", "--checkpoint", at("first.txt"))).toMatchObject({ code: 0 });
    const before = readFileSync(at("log.ndjson"), "utf8");
    expect(await exportTo("log.ndjson")).toMatchObject({
      code: 0,
      err: expect.stringContaining("Nothing new"),
    });
    expect(readFileSync(at("log.ndjson"), "utf8")).toBe(before);
    await propose();
    await seal();
    // Killed in the middle of a line.
    appendFileSync(at("log.ndjson"), '{"index":7,"entry":{"intent":"int_');
    expect(await exportTo("log.ndjson")).toMatchObject({ code: 0 });
    const after = readFileSync(at("log.ndjson"), "utf8");
    expect(after.startsWith(before)).toBe(true);
    expect(after.length).toBeGreaterThan(before.length);
    expect(await verifies("log.ndjson")).toMatchObject({ code: 0 });
  });

  test("writes the same log to standard output and in pieces", async () => {
    await seal();
    const { code, out } = await ledger(["export", ...connection]);
    expect(code).toBe(0);
    expect(await exportTo("piece.ndjson", "--from", "5")).toMatchObject({ code: 0 });
    const beginning = out.split("\n").slice(0, 5);
    const piece = readFileSync(at("piece.ndjson"), "utf8");
    writeFileSync(at("joined.ndjson"), `${beginning.join("\n")}\n${piece}`);
    expect(readFileSync(at("joined.ndjson"), "utf8")).toBe(out);
    expect(await verifies("joined.ndjson")).toMatchObject({ code: 0 });
    expect(await verifies("piece.ndjson")).toMatchObject({
      code: 1,
      out: expect.stringContaining("is missing"),
    });
  });

  function rehashed(lines: readonly string[]): string {
    const [first = "", ...rest] = lines;
    const { index, entry } = JSON.parse(first) as { readonly index: number; readonly entry: BundleEntry };
    const changed = { ...entry, at: 1 };
    return [JSON.stringify({ index, entry: { ...changed, hash: hashEntry(changed) } }), ...rest].join("\n");
  }

  test("leaves an unrelated or inconsistent file untouched", async () => {
    await exportTo("whole.ndjson");
    const lines = readFileSync(at("whole.ndjson"), "utf8").split("\n");
    const swapped = lines.toSpliced(2, 2, lines[3] ?? "", lines[2] ?? "").join("\n");
    const edited = lines.join("\n").replace(/"at":\d+/, '"at":1');
    const shorter = lines
      .toSpliced(-2, 1)
      .join("\n")
      .replace(/"at":\d+/, '"at":1');
    for (const [text, words, expected] of [
      ["notes of mine\n", "is not an export", 2],
      [swapped, "is inconsistent at line 3", 2],
      [edited, "is inconsistent at line", 2],
      // Without its checkpoint: one changed line is the file's own damage, and no alarm about the server.
      [shorter, "is inconsistent at line 1", 2],
      // Changed with its hash: only the server's log tells, and which of them was changed is not known.
      [rehashed(lines.toSpliced(-2, 1)), "No checkpoint in the file covers that entry", 2],
    ] as const) {
      writeFileSync(at("mine.ndjson"), text);
      expect(await exportTo("mine.ndjson")).toEqual({
        code: expected,
        out: "",
        err: expect.stringContaining(words),
      });
      expect(readFileSync(at("mine.ndjson"), "utf8")).toBe(text);
    }
    expect(await exportTo("none/log.ndjson")).toMatchObject({ code: 2 });
    expect(
      await ledger([
        "export",
        "--server",
        origin(port),
        "--api-key-file",
        at("wrong.key"),
        "--out",
        at("no"),
      ]),
    ).toMatchObject({ code: 2 });
    expect(existsSync(at("no"))).toBe(false);
  });
});

// ─── tail, and servers that lie ───

interface Lie {
  isAway: boolean;
  checkpoint: string | null;
  entries: ((text: string) => string) | null;
}

/** A proxy between the command and the server that changes responses as the test demands. */
async function liar(): Promise<{ readonly lie: Lie; readonly url: string; readonly close: () => void }> {
  const lie: Lie = { isAway: false, checkpoint: null, entries: null };
  const proxy: Server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    if (lie.isAway) {
      outgoing.destroy();
      return;
    }
    void fetch(`${origin(port)}${path}`, {
      headers: { authorization: incoming.headers.authorization ?? "" },
    }).then(
      async (response) => {
        let text = await response.text();
        if (path === "/log/checkpoint" && lie.checkpoint !== null) text = lie.checkpoint;
        if (path.startsWith("/log/entries") && lie.entries !== null) text = lie.entries(text);
        const next = response.headers.get("x-log-next");
        outgoing.writeHead(response.status, next === null ? {} : { "x-log-next": next });
        outgoing.end(text);
      },
      () => outgoing.destroy(),
    );
  });
  const free = await freePort();
  await new Promise<void>((resolve) => proxy.listen(free, "127.0.0.1", resolve));
  return { lie, url: origin(free), close: () => proxy.close() };
}

describe("the command ledger tail", () => {
  function tail(url: string, ...more: readonly string[]): RunningCommand {
    const env = { GATE_API_KEY: keys.admin };
    return startCommand(["ledger", "tail", "--server", url, "--interval", "1", "--key", vkey, ...more], {
      env,
    });
  }

  test("prints sealed entries from a checkpoint on", async () => {
    await using following = tail(origin(port), "--checkpoint", at("first.txt"), "--json");
    await following.printed("Watching the log");
    const id = await propose();
    await seal();
    await following.printed(id);
    const events = following
      .out()
      .split("\n")
      .filter((line) => line.includes(id))
      .map((line) => (JSON.parse(line) as { readonly entry: { readonly event: string } }).entry.event);
    expect(events).toContain("proposed");
    expect(following.process.exitCode).toBeNull();
  });

  test("waits for a server that is down", async () => {
    const { lie, url, close } = await liar();
    await using following = tail(url);
    await following.printed("Watching the log");
    lie.isAway = true;
    await following.printed("trying again");
    lie.isAway = false;
    await following.printed("responds again");
    close();
  });

  test("INV-18: raises the alarm when a log shrinks, and prints both checkpoints", async () => {
    const older = readFileSync(at("first.txt"), "utf8");
    const { lie, url, close } = await liar();
    await using following = tail(url);
    await following.printed("Watching the log");
    lie.checkpoint = older;
    const { code, err } = await following.finished;
    close();
    expect(code).toBe(1);
    expect(err).toMatch(/ALARM: the log shrank from \d+ to \d+ entries/);
    expect(err).toContain(older.trimEnd());
  });

  test("INV-18: raises the alarm when entries are not those that were signed", async () => {
    const { lie, url, close } = await liar();
    await using following = tail(url);
    await following.printed("Watching the log");
    lie.entries = (text) => text.replace(/"at":\d+/, '"at":1');
    await propose();
    await seal();
    const { code, err } = await following.finished;
    close();
    expect(code).toBe(1);
    expect(err).toContain("are not the signed ones");
  });

  test("INV-18: raises the alarm at a checkpoint without a trusted signature", async () => {
    const { lie, url, close } = await liar();
    const note = readFileSync(at("first.txt"), "utf8");
    lie.checkpoint = note.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`);
    const { code, err } = await tail(url).finished;
    close();
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("is forged") });
  });
});

test("INV-18: a server with another key than the pinned one is reported, and its log not believed", async () => {
  const foreign = "gate.example+f33eee8d+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
  const { code, out } = await ledger(["verify", ...connection, "--key", foreign, "--json"]);
  expect(code).toBe(1);
  expect(Object.keys(failing(out)).toSorted()).toEqual(["checkpoint", "entries", "trusted_keys"]);
  const followed = await ledger(["tail", ...connection, "--key", foreign]);
  expect(followed).toMatchObject({
    code: 1,
    err: expect.stringContaining("no longer publishes a pinned key"),
  });
});
