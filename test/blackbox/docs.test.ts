import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CodeBlock, codeBlocksOf, DOCUMENTS_WITH_CODE } from "../support/code-blocks.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";
import { type Gate, startGate, text } from "../support/gate.ts";
import {
  type Recorded,
  type RecordingScene,
  type Reply,
  startRecordingScene,
} from "../support/recording-scene.ts";

/*
 * README and docs as a reader follows them: their commands and programs run against a real server, with the server's
 * address, keys and ids in the place of the examples'. A block that can't run here says why behind its language; those are
 * parsed by test/unit/docs/code-blocks.test.ts, as are the languages of no program.
 */

const BLOCKS = DOCUMENTS_WITH_CODE.flatMap(codeBlocksOf).filter(({ marks }) => marks.length === 0);
const documentsWith = (language: string) =>
  new Map(
    Object.entries(
      Object.groupBy(
        BLOCKS.filter((block) => block.language === language),
        ({ document }) => document,
      ),
    ),
  );

interface Reader {
  /** A server with the shipped rules, as `npm start` has them in a clone. */
  readonly gate: Gate;
  /** One with the ready-made destinations, in front of an upstream. */
  readonly proxy: RecordingScene;
  /** The folder of the reader's shell, beside which `../before` is. */
  readonly folder: string;
  readonly keys: Readonly<Record<"gate" | "proxy", Keys>>;
  readonly vkey: string;
}

/** By their prefix, as documents write them: `gate_rk_…`. */
type Keys = Readonly<Record<string, string>>;

let reader: Reader;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  const [gate, proxy] = await Promise.all([startGate(), startRecordingScene(answer)]);
  stack.use(gate);
  stack.use(proxy);
  const folder = join(stack.use(temporaryFolder()).path, "clone");
  mkdirSync(folder);
  const { body } = await gate.call("GET", "/.well-known/gate", gate.adminKey);
  const { vkeys } = body["log"] as { readonly vkeys: readonly string[] };
  const keys = { gate: await keysOf(gate), proxy: await keysOf(proxy.gate) };
  reader = { gate, proxy, folder, keys, vkey: vkeys[0] ?? "" };
  await prepareFolder(folder);
});
afterAll(() => stack.disposeAsync());

async function keysOf(gate: Gate): Promise<Keys> {
  const [agent, reviewer] = await Promise.all([gate.register("agent"), gate.register("reviewer")]);
  return { gate_sk: agent.key, gate_rk: reviewer.key, gate_ak: gate.adminKey };
}

function answer({ target }: Recorded): Reply {
  return {
    body: target.startsWith("/stripe/") ? { id: "re_1", object: "refund" } : { id: "1", success: true },
  };
}

/** What the documents say a reader has: the clone's files, the command, and `npx`, which runs what is on the PATH. */
async function prepareFolder(folder: string): Promise<void> {
  for (const path of ["policies", "gate.yaml"]) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  write("case.yaml", { destination: "salesforce.import", policy: "crm-low-risk", record_count: 847 });
  const before = join(folder, "../before/policies");
  cpSync(join(ROOT, "policies"), before, { recursive: true });
  const file = join(before, "crm-low-risk.yaml");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("auto_approve_under: 100", "auto_approve_under: 50"),
  );
  write("contact.json", { properties: { email: "ana@example.com" } });
  const { gate, keys } = reader;
  const id = await waitingIntent();
  await gate.call("POST", "/log/seal", gate.adminKey, {});
  const evidence = await gate.call("GET", `/v1/intents/${id}/evidence`, keys.gate["gate_rk"] ?? "");
  write("bundle.json", evidence.body);
  const commands = join(folder, "bin");
  mkdirSync(commands);
  const command = `"${process.execPath}" "${join(ROOT, "dist/cli.js")}"`;
  const scripts = {
    // What goes on until it is stopped is stopped, once (without `--foreground` the group gets the signal too, and a second
    // one kills); a difference is no failure.
    "zehrava-gate": `case "$1 $2" in
      *" watch"|*" tail") exec timeout --foreground --preserve-status -s INT 2 ${command} "$@";;
      "policy diff") ${command} "$@"; test $? -le 1;;
      *) exec ${command} "$@";;
    esac`,
    npx: `exec "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(commands, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(commands, name), 0o755);
  }
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
}

/** Runs a program with what a reader has in the environment; every question is answered with yes. */
function runAs(
  program: string,
  args: readonly string[],
  cwd: string,
  server: "gate" | "proxy",
  key = reader.keys[server]["gate_sk"] ?? "",
): Promise<Ended> {
  const path = `${join(reader.folder, "bin")}:${process.env["PATH"]}`;
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GATE_"));
  const env = {
    ...Object.fromEntries(own),
    PATH: path,
    GATE_ENDPOINT: urlOf(server),
    GATE_API_KEY: key,
  };
  const child = spawn(program, args, { cwd, env });
  let out = "";
  const add = (chunk: Buffer) => void (out += chunk.toString());
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  child.stdin.end("yes\n".repeat(20));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out })));
}

/** Which server a text is about. */
const serverFor = (written: string) =>
  /\/(?:stripe|sfdc|hubspot|github|sendgrid|twilio|chat)\b/.test(written) ? "proxy" : "gate";

const urlOf = (server: "gate" | "proxy") =>
  `http://127.0.0.1:${(server === "gate" ? reader.gate : reader.proxy.gate).port}`;

const EXAMPLE_ADDRESS = /https?:\/\/(?:127\.0\.0\.1:4000|localhost:4000|gate\.(?:example|yourcompany)\.com)/g;

/** The text with this server's address, keys and ids. Each mention of an intent's id is another one that waits. */
async function asTyped(written: string): Promise<string> {
  const server = serverFor(written);
  const typed = written
    .replaceAll(EXAMPLE_ADDRESS, urlOf(server))
    .replaceAll(/gate_(?:sk|rk|ak)_…/g, (key) => reader.keys[server][key.slice(0, 7)] ?? key)
    .replaceAll(/\bVKEY\b/g, `'${reader.vkey}'`)
    .replaceAll(/(?<= )URL(?=\s)/g, urlOf(server));
  const [first = "", ...pieces] = typed.split(/int_(?:…|8At9B4MlZ)/);
  const ids = await Promise.all(pieces.map(waitingIntent));
  return [first, ...pieces.map((piece, n) => ids[n] + piece)].join("");
}

async function waitingIntent(): Promise<string> {
  const { gate, keys } = reader;
  const { body } = await gate.call("POST", "/v1/intents", keys.gate["gate_sk"] ?? "", {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    // Another one each time: what somebody rejected is blocked for a while.
    payload: `${readFileSync(join(ROOT, "examples/leads.csv"), "utf8")}${randomUUID()}\n`,
    payload_name: "leads.csv",
  });
  expect(body["status"]).toBe("pending_approval");
  return text(body, "intentId");
}

describe("the commands of", () => {
  test.each([...documentsWith("sh")])("%s run as they stand", async (_document, blocks = []) => {
    for (const { text: written, where } of blocks) {
      const script = await asTyped(written);
      const server = serverFor(written);
      const { code, out } = await runAs(
        "bash",
        ["--norc", "-euo", "pipefail", "-c", script],
        reader.folder,
        server,
      );
      expect(code, `${where}\n${script}\n${out}`).toBe(0);
      expect(out).not.toMatch(/"code": ?"not_found"/);
    }
  });
});

/** What the programs of a document take as given. */
const GIVEN: Readonly<Record<string, string>> = {
  "docs/reverse-proxy.md": `
    import { Octokit } from "@octokit/rest";
    import sendgrid from "@sendgrid/client";
    import { Client } from "@hubspot/api-client";
    import twilio from "twilio";
    import axios from "axios";
    const accountSid = "AC0123456789abcdef0123456789abcdef";
    const contact = { properties: { email: "ana@example.com" } };
    const lead = { LastName: "Diaz", Company: "Acme" };
    const id = "once-" + Math.random();
    const key = process.env.GATE_API_KEY;`,
  "docs/webhooks.md": `
    const rawBody = '{"type":"intent.approved"}';
    process.env.GATE_WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const sent = new Date();
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(sent / 1000)),
      "webhook-signature": new (await import("standardwebhooks")).Webhook(process.env.GATE_WEBHOOK_SECRET).sign("msg_1", sent, rawBody),
    };`,
  "docs/sdk-typescript.md": `
    const p = await new (await import("zehrava-gate")).Gate().propose({
      payload: "id,email\\n1,ana@example.com\\n", destination: "salesforce.import", policy: "crm-low-risk" });`,
};

describe("the programs of", () => {
  const documents = [...documentsWith("ts"), ...documentsWith("js")];
  test.each(documents)("%s run as they stand", async (document, blocks = []) => {
    const program = [GIVEN[document] ?? "", ...blocks.map((block: CodeBlock) => block.text)].join("\n");
    const { code, out } = await runAs(
      process.execPath,
      ["--input-type=module-typescript", "--eval", await asTyped(program)],
      ROOT,
      serverFor(program),
    );
    expect(code, `${document}\n${out}`).toBe(0);
  });
});

interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

/** The commands of a session, each with what the document says it prints; lines that go on are indented. */
function stepsOf(session: string): readonly Step[] {
  const steps: { command: string; output: string[] }[] = [];
  for (const line of session.split("\n")) {
    const last = steps.at(-1);
    if (line.startsWith("$ ")) steps.push({ command: line.slice(2), output: [] });
    else if (line.startsWith("  ") && last !== undefined) last.command += `\n${line}`;
    else last?.output.push(line);
  }
  return steps;
}

/** The lines with names in place of digests and counts, so that two sessions over other data compare. */
function patternOf(lines: readonly string[]): readonly string[] {
  const names = new Map<string, string>();
  const named = (digest: string) => {
    const name = names.get(digest) ?? `digest ${names.size + 1}`;
    names.set(digest, name);
    return name;
  };
  return lines.map((line) =>
    line.replaceAll(/\b[0-9a-f]{8,64}\b/g, named).replaceAll(/\b\d+ entries/g, "n entries"),
  );
}

test("docs/ledger.md: the verification by hand prints what the page says, of any intent", async (context) => {
  const tools = ["jq", "xxd", "sqlite3", "openssl"];
  const isMissing = tools.some((tool) => spawnSync("which", [tool]).status !== 0);
  if (isMissing && process.env["CI"] === undefined) context.skip(`install ${tools.join(", ")}`);
  await putApprovedIntent();
  const steps =
    documentsWith("console")
      .get("docs/ledger.md")
      ?.flatMap((block) => stepsOf(block.text)) ?? [];
  const border = "-- next --";
  const script = steps.map(({ command }) => `${command}\necho '${border}'`).join("\n");
  const { code, out } = await runAs(
    "bash",
    ["--norc", "-uo", "pipefail", "-c", script],
    reader.folder,
    "gate",
  );
  expect(code, out).toBe(0);
  const printed = out.split(`${border}\n`).flatMap((each) => each.split("\n").filter((line) => line !== ""));
  expect(patternOf(printed)).toEqual(patternOf(steps.flatMap(({ output }) => output)));
});

/** The evidence of an intent that was carried out, the whole log, the key and the data folder, as the page names them. */
async function putApprovedIntent(): Promise<void> {
  const { gate, folder, keys, vkey } = reader;
  const { gate_sk: agent = "", gate_rk: reviewer = "" } = keys.gate;
  const id = await waitingIntent();
  const approved = await gate.call("POST", `/v1/intents/${id}/approve`, reviewer, {});
  const ordered = await gate.call("POST", `/v1/intents/${id}/execute`, agent, {});
  expect([approved.status, ordered.status], JSON.stringify(ordered.body)).toEqual([200, 201]);
  // Evidence holds orders that have ended.
  const { executionId, execution_token: token } = ordered.body as Readonly<Record<string, string>>;
  const reported = await gate.call("POST", `/v1/executions/${executionId}/report`, token ?? "", {
    status: "succeeded",
  });
  expect(reported.status, JSON.stringify(reported.body)).toBe(200);
  await gate.call("POST", "/log/seal", gate.adminKey, {});
  const { body } = await gate.call("GET", `/v1/intents/${id}/evidence`, reviewer);
  writeFileSync(join(folder, "bundle.json"), JSON.stringify(body));
  writeFileSync(join(folder, "vkey.txt"), vkey);
  symlinkSync(join(gate.home, "data"), join(folder, ".gate"));
  const exported = await runAs(
    "zehrava-gate",
    ["ledger", "export", "--server", urlOf("gate"), "--out", "log.ndjson"],
    folder,
    "gate",
    gate.adminKey,
  );
  expect(exported.code, exported.out).toBe(0);
}
