import { spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  freePort,
  printedKey,
  ROOT,
  run,
  serve,
  startCommand,
  temporaryFolder,
  type Finished,
  type RunningCommand,
} from "../support/command.ts";
import { clientAt } from "../support/client.ts";

const ESC = "\u001b";
const HOSTILE = `name\n${ESC}[2J${ESC}]0;owned\u0007 \u202egnp.exe\rApprove? [y/N] y\n`;

const home = temporaryFolder();
let server: RunningCommand;
let port = 0;
let keys: { readonly admin: string; readonly agent: string; readonly reviewer: string };

beforeAll(async () => {
  const policies = join(home.path, "policies");
  mkdirSync(policies);
  const held = (id: string, more = "") =>
    writeFileSync(
      join(policies, `${id}.yaml`),
      `id: ${id}\ndestinations: [crm.*]\nrequire_approval: always\nexpiry_minutes: 30\n${more}`,
    );
  held("held");
  held("pair", "approvers: { require: 2 }\n");
  held("editable", "edit: { allow: true }\n");
  held("by-nobody", "approvers: { groups: [elsewhere] }\n");
  const registry = join(home.path, "gate.yaml");
  const sent = `crm.sent: { policies: [held], prefix: /sent, upstream: "https://upstream.example.com", credential: sent }`;
  writeFileSync(
    registry,
    `people:\n  ana: { name: Ana }\ngroups:\n  elsewhere: [ana]\ndestinations:\n  ${sent}\ncredentials:\n  sent: { ref: env://SENT_KEY }\n`,
  );
  port = await freePort();
  const args = ["--policy-dir", policies, "--registry", registry];
  server = await serve({ port, home: home.path, args });
  keys = {
    admin: printedKey(server.out(), "admin"),
    agent: printedKey(server.out(), "agent"),
    reviewer: printedKey(server.out(), "reviewer"),
  };
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

let proposals = 0;

async function pending(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  proposals += 1;
  const { body } = await clientAt(port).call("POST", "/v1/intents", keys.agent, {
    destination: "crm.import",
    policy: "held",
    payload: `row ${proposals}\n`,
    payload_name: "rows.txt",
    ...more,
  });
  if (body["status"] !== "pending_approval") throw new Error(JSON.stringify(body));
  return String(body["intentId"]);
}

const stateOf = async (id: string) =>
  (await clientAt(port).call("GET", `/v1/intents/${id}`, keys.admin)).body["state"];

const environment = (key = keys.reviewer): Record<string, string> => ({
  GATE_ENDPOINT: `http://127.0.0.1:${port}`,
  ...(key === "" ? {} : { GATE_API_KEY: key }),
});

const approvals = (args: readonly string[], key?: string) =>
  run(["approvals", ...args], { env: environment(key) });

/** The same with an answer typed at a terminal. */
function typed(args: readonly string[], answer: string): Promise<Finished> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GATE_"));
  const child = spawn(process.execPath, [join(ROOT, "dist", "cli.js"), "approvals", ...args], {
    env: { ...Object.fromEntries(own), ...environment() },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(answer);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

/** Everything below a space but line feeds, and what turns lines around. */
// oxlint-disable-next-line no-control-regex
const DRIVES_A_TERMINAL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe("the command approvals list", () => {
  test("prints that nothing is pending, or pending cases with their time left", async () => {
    const empty = await approvals(["list", "--destination", "crm.nothing"]);
    expect(empty).toMatchObject({ code: 0, out: "Nothing waits for a decision.\n", err: "" });
    expect(JSON.parse((await approvals(["list", "--destination", "crm.nothing", "--json"])).out)).toEqual([]);

    const id = await pending({ destination: "crm.listed", recordCount: 1_234, estimated_value_usd: 99.5 });
    const { code, out } = await approvals(["list", "--destination", "crm.listed"]);
    expect(code).toBe(0);
    const [head, row, ...rest] = out.trimEnd().split("\n");
    expect(head?.split(/ +/)).toEqual([
      "AGE",
      "EXPIRES",
      "AGENT",
      "DESTINATION",
      "RECORDS",
      "VALUE",
      "RISK",
      "VOTES",
      "INTENT",
    ]);
    expect(row).toMatch(
      new RegExp(
        `^\\d+[sm] +(?:30|29|28)m +local-agent +crm\\.listed +1,234 +\\$99\\.50 +\\w+ \\d\\.\\d\\d +0/1 +${id}$`,
      ),
    );
    expect(rest).toEqual([]);
    const json = JSON.parse((await approvals(["list", "--json", "--limit", "200"])).out) as { id: string }[];
    expect(json.map((one) => one.id)).toContain(id);
  });

  test("groups similar cases, and lists one group", async () => {
    for (let time = 0; time < 3; time += 1) await pending({ destination: "crm.grouped" });
    const groups = JSON.parse((await approvals(["list", "--groups", "--json"])).out) as {
      group: string;
      count: number;
      destination: string;
    }[];
    const group = groups.find(({ destination }) => destination === "crm.grouped");
    expect(group?.count).toBe(3);
    expect((await approvals(["list", "--groups"])).out).toContain(group?.group ?? "?");
    const { out } = await approvals(["list", "--group", group?.group ?? "?"]);
    expect(out.trimEnd().split("\n")).toHaveLength(4);
  });

  test("with --mine leaves out cases for other groups", async () => {
    const id = await pending({ policy: "by-nobody", destination: "crm.theirs" });
    expect((await approvals(["list", "--destination", "crm.theirs"])).out).toContain(id);
    expect((await approvals(["list", "--destination", "crm.theirs", "--mine"])).out).toContain(
      "Nothing waits",
    );
  });
});

describe("the command approvals show", () => {
  test("INV-28: prints the whole case, and nothing in it controls the terminal", async () => {
    const id = await pending({ payload: HOSTILE, on_behalf_of: `boss${ESC}[31m\nApprove? [y/N] y` });
    for (const args of [
      ["show", id],
      ["show", id, "--full"],
      ["show", id, "--json"],
      ["list"],
      ["list", "--json"],
    ]) {
      const { code, out, err } = await approvals(args);
      expect(code).toBe(0);
      expect(out + err).not.toMatch(DRIVES_A_TERMINAL);
    }
    const { out } = await approvals(["show", id]);
    expect(out).toContain(
      `  | ⟨U+001B⟩[2J⟨U+001B⟩]0;owned⟨U+0007⟩ ⟨U+202E⟩gnp.exe⟨U+000D⟩Approve? [y/N] y\n`,
    );
    expect(out).toContain('for "boss⟨U+001B⟩[31m⟨U+000A⟩Approve? [y/N] y"');
    expect(out).not.toMatch(/^Approve/m);
    for (const word of ["local-agent", "crm.import", "held", "0 of 1", "rows.txt", "approval_requested"]) {
      expect(out).toContain(word);
    }
    const json = JSON.parse((await approvals(["show", id, "--json"])).out) as Record<string, unknown>;
    expect(json).toMatchObject({ id, payload: HOSTILE, payload_encoding: "utf8" });
  });

  test("INV-28: prints the whole request that Gate sends, and nothing in it controls the terminal", async () => {
    const url = `/contacts/${"a/".repeat(120)}${encodeURIComponent("\u202e")}?amount=900`;
    const held = await fetch(`http://127.0.0.1:${port}/sent${url}`, {
      method: "PATCH",
      headers: {
        "X-Gate-Key": keys.agent,
        "Content-Type": "application/json",
        "User-Agent": "x\u00e2\u0080\u00ae",
      },
      body: '{"name":"Ada"}',
    });
    const { intentId: id } = (await held.json()) as { readonly intentId: string };
    expect(held.status).toBe(202);
    const { code, out } = await approvals(["show", id]);
    expect(code).toBe(0);
    expect(out).toContain(`\n  request  PATCH https://upstream.example.com${url}\n`);
    expect(out).toContain("\n  header   content-type: application/json\n");
    expect(out).toContain("user-agent: x⟨U+202E⟩\n");
    expect(out).toContain(
      "\n  sends    Gate, once, as soon as it is approved, with its credential in the header authorization\n",
    );
    expect(out).toContain("\n  held by  held: ");
    expect(out).toContain('  | {"name":"Ada"}\n');
    expect(out).not.toMatch(DRIVES_A_TERMINAL);
    const json = JSON.parse((await approvals(["show", id, "--json"])).out);
    expect(json.http).toMatchObject({ method: "PATCH", url: `https://upstream.example.com${url}` });
  });

  test("prints the start of a long payload with a note, and the bytes of a binary one", async () => {
    const long = await pending({ payload: Array.from({ length: 500 }, (_, at) => `line ${at}`).join("\n") });
    const cut = await approvals(["show", long]);
    expect(cut.out).toContain("| line 199\n    … (4,389 bytes in all)\n");
    expect(cut.err).toBe("The payload is longer: --full shows all of it.\n");
    const full = await approvals(["show", long, "--full"]);
    expect(full.out).toContain("| line 499\n");
    expect(full.err).toBe("");

    const binary = await pending({
      payload: Buffer.from([0, 255, 27, 91]).toString("base64"),
      payload_encoding: "base64",
    });
    expect((await approvals(["show", binary])).out).toContain("  | 00ff1b5b\n");
    const json = JSON.parse((await approvals(["show", binary, "--json"])).out) as Record<string, unknown>;
    expect(json).toMatchObject({ payload: "AP8bWw==", payload_encoding: "base64" });
    const reference = await pending({ payload: "./other.csv", payload_name: undefined });
    expect((await approvals(["show", reference])).out).toContain(
      "a reference: Gate has not seen the content",
    );
  });

  test("prints predecessor and editor of an edited case, and the successor of its predecessor", async () => {
    const id = await pending({ policy: "editable" });
    const { body } = await clientAt(port).call("GET", `/v1/intents/${id}`, keys.admin);
    const edited = await clientAt(port).call("POST", `/v1/intents/${id}/edit`, keys.reviewer, {
      digest: body["intent_digest"],
      reason: "one row too many",
      payload: "changed\n",
    });
    const successor = String((edited.body["successor"] as Readonly<Record<string, unknown>>)["intentId"]);
    expect((await approvals(["show", id])).out).toContain(`edit     replaced by ${successor}`);
    const { out } = await approvals(["show", successor]);
    expect(out).toMatch(new RegExp(`edit +edited from ${id} by \\S+`));
    // Its editor wrote it and may read it, and approves it as little as anybody whose intent it is.
    expect(out).toMatch(/author +.+ \(rev_\S+\), who edited the payload/);
    expect(out).toContain("  | changed");
    const refused = await approvals(["approve", successor, "--yes"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("not approved: You cannot approve or reject an intent that you");
  });

  test("prints a case for other approvers without its payload", async () => {
    const id = await pending({ policy: "by-nobody", payload: "secret rows" });
    const { code, out } = await approvals(["show", id]);
    expect(code).toBe(0);
    expect(out).toContain("from elsewhere");
    expect(out).toContain("not shown: You are not an eligible approver of this intent.");
    expect(out).not.toContain("secret rows");
  });
});

describe("the command approvals approve", () => {
  test.each([
    ["y", "approved", 0],
    ["yes", "approved", 0],
    ["Y", "approved", 0],
    ["n", "pending_approval", 1],
    ["", "pending_approval", 1],
    ["yeah sure", "pending_approval", 1],
    [`${ESC}[A`, "pending_approval", 1],
  ])("prints the case and asks; after %j the case is %s", async (answer, state, expected) => {
    const id = await pending();
    const { code, out, err } = await typed(["approve", id], `${answer}\n`);
    expect(out).toContain(`  | row ${proposals}\n`);
    expect(err).toContain("Approve? [y/N]");
    expect(code).toBe(expected);
    expect(await stateOf(id)).toBe(state);
  });

  test("treats the end of input as no answer", async () => {
    const id = await pending();
    const { code, err } = await approvals(["approve", id]);
    expect(code).toBe(1);
    expect(err).toContain("Nothing was approved.");
    expect(await stateOf(id)).toBe("pending_approval");
  });

  test("INV-09: sends the digest of the case that it printed, and the comment", async () => {
    const id = await pending();
    const { code, out } = await approvals(["approve", id, "--yes", "--comment", "checked a sample"]);
    expect([code, out.trimEnd().split("\n").at(-1)]).toEqual([0, `${id}: approved`]);
    const { body } = await clientAt(port).call("GET", `/v1/intents/${id}/audit`, keys.admin);
    expect(JSON.stringify(body)).toContain("checked a sample");
    expect(await asSent(id, ["approve", "--yes"])).toMatchObject({ digest: DIGEST });
  });

  test("accepts a shortened id of a pending case", async () => {
    const id = await pending();
    expect((await approvals(["approve", id.slice(0, 20), "--yes"])).code).toBe(0);
    const gone = await approvals(["approve", id.slice(0, 20), "--yes"]);
    expect(gone.code).toBe(1);
    expect(gone.err).toContain(`no waiting intent begins with ${id.slice(0, 20)}`);
    for (const bad of [id.slice(0, 11), "int_", "../x", `int_${ESC}aaaaaaaaaaaa`]) {
      const { code, err } = await approvals(["approve", bad, "--yes"]);
      expect(code, bad).toBe(2);
      expect(err).not.toMatch(DRIVES_A_TERMINAL);
    }
  });

  test("approves several cases in one call, with one result each", async () => {
    const [one, two] = [await pending(), await pending()];
    const { code, out, err } = await typed(["approve", one, two, one], "y\n");
    expect(err).toContain("Approve these 2? [y/N]");
    expect(out.trimEnd().split("\n").slice(-2)).toEqual([`${one}: approved`, `${two}: approved`]);
    expect(code).toBe(0);

    const [mine, theirs, done] = [await pending(), await pending({ policy: "by-nobody" }), one];
    const mixed = await approvals(["approve", mine, theirs, done, "--yes"]);
    expect(mixed.code).toBe(1);
    expect(mixed.out).toContain(`${mine}: approved`);
    expect(mixed.err).toContain(`${theirs}: not approved: The policy names other people or groups`);
    expect(mixed.err).toContain(`${done} does not wait for a decision: it is approved.`);
    expect(await stateOf(theirs)).toBe("pending_approval");
  });

  test("prints what is missing after a vote that is not the last", async () => {
    const id = await pending({ policy: "pair" });
    const { code, out } = await approvals(["approve", id, "--yes"]);
    expect(code).toBe(0);
    expect(out).toContain(`${id}: your vote is recorded (1 of 2), and it waits for others`);
    expect((await approvals(["list", "--limit", "200"])).out).toMatch(new RegExp(`1/2 +${id}`));
  });

  test("INV-03: prints the server's refusal in its words", async () => {
    const id = await pending({ policy: "by-nobody" });
    const { code, err } = await approvals(["approve", id, "--yes"]);
    expect(code).toBe(1);
    expect(err).toContain(`${id}: not approved: The policy names other people or groups to decide this.`);
  });
});

describe("the command approvals reject", () => {
  test("asks for a missing reason, and does nothing without one", async () => {
    const id = await pending();
    const silent = await typed(["reject", id], "  \n");
    expect(silent.code).toBe(1);
    expect(silent.err).toContain("a rejection needs a reason");
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await typed(["reject", id], "wrong list\n")).out).toContain(`${id}: rejected`);
    const { body } = await clientAt(port).call("GET", `/v1/intents/${id}`, keys.admin);
    expect(body["block_reason"]).toBe("wrong list");
  });

  test("with a reason asks nothing, and takes several cases", async () => {
    const ids = [await pending(), await pending()];
    const { code, out } = await approvals(["reject", ...ids, "--reason", "not this week"]);
    expect(code).toBe(0);
    for (const id of ids) expect(out).toContain(`${id}: rejected`);
  });
});

test("approvals watch prints new cases and their decisions until Ctrl-C ends it", async () => {
  const before = await pending({ destination: "crm.watched" });
  const args = ["approvals", "watch", "--interval", "1", "--bell", "--destination", "crm.watched"];
  await using watch = startCommand(args, { env: environment() });
  await watch.printed("Ctrl-C ends it");
  expect(watch.out()).toMatch(new RegExp(`waiting .*${before}`));
  const id = await pending({ destination: "crm.watched" });
  await watch.printed(id);
  expect(watch.out()).toMatch(new RegExp(`^\u0007\\d\\d:\\d\\d:\\d\\d  new .*${id}$`, "m"));
  await approvals(["reject", id, "--reason", "no"]);
  await watch.printed("rejected");
  expect(watch.out()).toMatch(new RegExp(`rejected +crm\\.watched +by .+ \\(rev_\\S+\\) +${id}`));
  const { code, err } = await watch.end("SIGINT");
  expect([code, err.trim()]).toEqual([0, `Watching http://127.0.0.1:${port}; Ctrl-C ends it.`]);
});

describe("the approvals command used wrongly or with the wrong key", () => {
  test.each<[string, readonly string[], RegExp]>([
    ["no command", [], /Usage: zehrava-gate approvals/],
    ["a command there is not", ["agree"], /unknown command: approvals agree/],
    ["approve without an id", ["approve"], /name the intent by its id/],
    ["a flag of another command", ["list", "--yes"], /--yes/],
    ["reject with --yes", ["reject", `int_${"A".repeat(43)}`, "--yes"], /--yes/],
    ["a limit that is none", ["list", "--limit", "0"], /--limit takes a whole number from 1 to 200/],
    ["an interval that is none", ["watch", "--interval", "0.1"], /--interval takes/],
    ["a server that is none", ["list", "--server", "gate.test"], /http\(s\) URL/],
    ["a server with a key in it", ["list", "--server", "http://a:b@gate.test"], /ends up in logs/],
    ["a key file that is not there", ["list", "--api-key-file", "/nonexistent"], /can't be read/],
    ["groups with a filter", ["list", "--groups", "--mine"], /takes no filter/],
    ["a server that is not there", ["list", "--server", "http://127.0.0.1:1"], /can't be reached/],
  ])("with %s exits with 2 and says what to do", async (_, args, message) => {
    const { code, out, err } = await approvals(args);
    expect(code).toBe(2);
    expect(out + err).toMatch(message);
  });

  test("without a key, or with an unknown one, exits with 2 and does not quote it", async () => {
    const none = await approvals(["list"], "");
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining("put a reviewer's key into GATE_API_KEY"),
    ]);
    for (const key of ["gate_rk_guess", "gate_rk_two words"]) {
      const { code, err } = await approvals(["list"], key);
      expect(code).toBe(2);
      expect(err).not.toContain(key);
    }
  });

  test("roles: with an agent's key lists and approves nothing", async () => {
    const id = await pending();
    for (const args of [["list"], ["approve", id, "--yes"], ["watch"]]) {
      const { code, err } = await approvals(args, keys.agent);
      expect(code).toBe(1);
      expect(err).toContain("This is an agent's key");
    }
    expect(await stateOf(id)).toBe("pending_approval");
  });

  test("prefers a key in a file to the environment's", async () => {
    const file = join(home.path, "key");
    writeFileSync(file, `${keys.reviewer}\n`);
    expect((await approvals(["list", "--api-key-file", file], "gate_rk_guess")).code).toBe(0);
  });
});

const DIGEST = "d".repeat(64);

/** A server that answers as Gate does, and with what Gate would not; gives what it was sent. */
function pretender(
  payload: string,
  hash: string,
): Promise<{ readonly server: Server; readonly sent: unknown[] }> {
  const sent: unknown[] = [];
  const answers = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.on("end", () => {
      const path = incoming.url ?? "";
      if (incoming.method === "POST") sent.push(JSON.parse(body));
      outgoing.setHeader("Content-Type", "application/json");
      if (path.endsWith("/payload")) return outgoing.end(payload);
      outgoing.end(
        JSON.stringify({
          state: incoming.method === "POST" ? `approved${ESC}[2J` : "pending_approval",
          intentId: `int_x${ESC}[2J`,
          intent_digest: DIGEST,
          payload_kind: "content",
          payload_hash: hash,
          sender_agent_id: `agt${ESC}[2J`,
          name: `Ann${ESC}[2J`,
          votes: "many",
          approval: [7],
          auditTrail: [{ event_type: `${ESC}[2J`, actor: 7 }, null],
        }),
      );
    });
  });
  return new Promise((resolve) => answers.listen(0, "127.0.0.1", () => resolve({ server: answers, sent })));
}

async function asPretended(args: readonly string[], payload = "x", hash = SHA256_OF_X) {
  const { server: answers, sent } = await pretender(payload, hash);
  const { port: at } = answers.address() as AddressInfo;
  try {
    const done = await run(["approvals", ...args, "--server", `http://127.0.0.1:${at}`], {
      env: environment(),
    });
    return { ...done, sent };
  } finally {
    answers.close();
  }
}

const SHA256_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

test.each([[["list"]], [["list", "--groups"]]])(
  "does not take another server's response to %s for an empty queue",
  async (args) => {
    const { code, out, err } = await asPretended(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("is it a Gate server?");
  },
);

async function asSent(id: string, [verb = "", ...flags]: readonly string[]): Promise<unknown> {
  return (await asPretended([verb, id, ...flags])).sent[0];
}

describe("the approvals command against a server that is not Gate", () => {
  const id = `int_${"A".repeat(43)}`;

  test("INV-28: prints nothing that controls the terminal", async () => {
    for (const args of [
      ["show", id],
      ["approve", id, "--yes"],
      ["show", id, "--json"],
    ]) {
      const { out, err } = await asPretended(args);
      expect(out + err).not.toMatch(DRIVES_A_TERMINAL);
    }
  });

  test("INV-09: approves nothing where the payload does not match the digest", async () => {
    const { code, out, err, sent } = await asPretended(["approve", id, "--yes"], "another payload");
    expect(code).toBe(1);
    expect(out).toContain("DIGEST MISMATCH");
    expect(err).toContain("the payload from the server does not match its digest");
    expect(sent).toEqual([]);
  });

  test("INV-21: does not send the key along a redirect", async () => {
    const elsewhere: unknown[] = [];
    const target = createServer((incoming, outgoing) => {
      elsewhere.push(incoming.headers);
      outgoing.end("{}");
    });
    await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
    const location = `http://127.0.0.1:${(target.address() as AddressInfo).port}/v1/approvals`;
    const redirecting = createServer((_, outgoing) => outgoing.writeHead(307, { location }).end());
    await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
    try {
      const at = (redirecting.address() as AddressInfo).port;
      const { code } = await approvals(["list", "--server", `http://127.0.0.1:${at}`]);
      expect(code).toBe(2);
      expect(elsewhere).toEqual([]);
    } finally {
      target.close();
      redirecting.close();
    }
  });
});
