import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Gate, GateError, GateOptionError, type GateOptions } from "../../sdk/typescript/gate.ts";
import { OLDEST_NODE } from "../../sdk/typescript/runtime.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly key: string | null;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly redirect: string | undefined;
}

type Reply = Response | Error | "never";

/** A `fetch` that answers from a list, the last one for ever, and notes what it was sent. */
function wire(...replies: readonly Reply[]): {
  readonly sent: Sent[];
  readonly fetch: typeof globalThis.fetch;
} {
  const sent: Sent[] = [];
  return {
    sent,
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      const { body } = init ?? {};
      sent.push({
        url: String(input),
        method: init?.method ?? "GET",
        key: headers.get("authorization"),
        body: typeof body === "string" ? (JSON.parse(body) as Record<string, unknown>) : null,
        redirect: init?.redirect,
      });
      const reply = replies[Math.min(sent.length, replies.length) - 1] ?? json({});
      if (reply instanceof Error) throw reply;
      if (reply !== "never") return reply.clone();
      return new Promise<Response>((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      });
    },
  };
}

function json(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

function gate(fetch: typeof globalThis.fetch, options: GateOptions = {}): Gate {
  return new Gate({ endpoint: "http://gate.test", apiKey: "gate_sk_a", fetch, ...options });
}

const PROPOSAL = { destination: "salesforce.import", policy: "crm-low-risk" };

const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );

async function refusal(promise: Promise<unknown>): Promise<GateError> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(GateError);
  return error as GateError;
}

/** A mistake of the program, which no handler of Gate's answers takes for one of these. */
async function mistake(promise: Promise<unknown>): Promise<GateOptionError> {
  const error = await thrownBy(promise);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).not.toBeInstanceOf(GateError);
  expect((error as GateOptionError).code).toBe("invalid_option");
  return error as GateOptionError;
}

beforeEach(() => {
  for (const name of ["GATE_API_KEY", "GATE_REVIEWER_KEY", "GATE_ENDPOINT"]) vi.stubEnv(name, "");
  vi.stubEnv("XDG_CONFIG_HOME", "/nonexistent");
});
afterEach(() => vi.unstubAllEnvs());

describe("payloads in the SDK", () => {
  async function sentPayload(payload: unknown, options: GateOptions = {}) {
    const { sent, fetch } = wire();
    await gate(fetch, options).propose({ ...PROPOSAL, payload: payload as string });
    const { destination: _destination, policy: _policy, ...rest } = sent[0]?.body ?? {};
    return rest;
  }

  test.each<[string, unknown, object]>([
    ["none", undefined, {}],
    ["a text", "hello", { payload: "hello" }],
    ["an empty text", "", { payload: "" }],
    ["a name of no file here", "./in/leads.CSV", { payload_reference: { name: "leads.CSV" } }],
    ["a Windows path of no file here", "C:\\in\\leads.csv", { payload_reference: { name: "leads.csv" } }],
    ["a text of two lines that ends like a file", "a\nb.csv", { payload: "a\nb.csv" }],
    ["a folder", ROOT, { payload: ROOT }],
    ["a name with a NUL", "a\0.csv", { payload: "a\0.csv" }],
    ["a JSON object", { a: [1] }, { payload: '{"a":[1]}', payload_media_type: "application/json" }],
    ["a JSON list", [1, "x"], { payload: '[1,"x"]', payload_media_type: "application/json" }],
    ["bytes", new Uint8Array([0, 255]), { payload: "AP8=", payload_encoding: "base64" }],
  ])("are sent as the contract has them: %s", async (_, payload, expected) => {
    expect(await sentPayload(payload)).toEqual(expected);
  });

  test("that name an existing file are sent as its bytes, under its base name", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "leads.csv");
    writeFileSync(file, "\uFEFFemail\r\nada@example.com");
    expect(await sentPayload(file)).toEqual({
      payload: "\uFEFFemail\r\nada@example.com",
      payload_name: "leads.csv",
    });
    const image = join(folder.path, "no-extension");
    writeFileSync(image, new Uint8Array([0xff, 0xfe, 0x00]));
    expect(await sentPayload(image)).toEqual({
      payload: "//4A",
      payload_name: "no-extension",
      payload_encoding: "base64",
    });
    expect(await sentPayload(file, { readFiles: false })).toEqual({
      payload_reference: { name: "leads.csv" },
    });
  });

  test("that name a pipe are not read, because it could block for ever", async () => {
    using folder = temporaryFolder();
    const pipe = join(folder.path, "leads.csv");
    execFileSync("mkfifo", [pipe]);
    expect(await sentPayload(pipe)).toEqual({ payload_reference: { name: "leads.csv" } });
  });

  test("over several chunks of bytes survive base64", async () => {
    const bytes = Uint8Array.from({ length: 100_001 }, (_, at) => at % 251);
    const { payload } = await sentPayload(bytes);
    expect(Buffer.from(String(payload), "base64").equals(bytes)).toBe(true);
  });

  test.each(["text", "file", "bytes", "object"])(
    "of kind %s over the limit are refused before sending",
    async (kind) => {
      using folder = temporaryFolder();
      const file = join(folder.path, "big.csv");
      writeFileSync(file, "x".repeat(11));
      const payload =
        { text: "é".repeat(6), file, bytes: new Uint8Array(11), object: { a: "xxxxx" } }[kind] ?? "";
      const { sent, fetch } = wire();
      const error = await refusal(
        gate(fetch, { maxPayloadBytes: 10 }).propose({ ...PROPOSAL, payload: payload as string }),
      );
      expect(error.code).toBe("payload_too_large");
      expect(sent).toEqual([]);
    },
  );
});

describe("options of the SDK", () => {
  const camel = {
    recordCount: 5,
    estimatedValueUsd: 2.5,
    sensitivityTags: ["pii"],
    idempotencyKey: "k",
    onBehalfOf: "x",
    principalId: "p",
    expiresIn: "5m",
  };
  const snake = {
    record_count: 5,
    estimated_value_usd: 2.5,
    sensitivity_tags: ["pii"],
    idempotency_key: "k",
    on_behalf_of: "x",
    principal_id: "p",
    expires_in: "5m",
  };

  test("in both spellings give the same request", async () => {
    const { sent, fetch } = wire();
    await gate(fetch).propose({ ...PROPOSAL, ...camel });
    await gate(fetch).propose({ ...PROPOSAL, ...snake });
    expect(sent[0]?.body).toEqual(sent[1]?.body);
    expect(sent[0]?.body).toMatchObject({ recordCount: 5, idempotency_key: "k", estimated_value_usd: 2.5 });
  });

  test.each<[string, object]>([
    ["a misspelt one", { ...PROPOSAL, recordCout: 5 }],
    ["two spellings that differ", { ...PROPOSAL, recordCount: 5, record_count: 6 }],
    ["no destination", { policy: "p" }],
    ["an empty policy", { ...PROPOSAL, policy: "" }],
    ["payload and reference", { ...PROPOSAL, payload: "x", payloadReference: { name: "x.csv" } }],
    ["a negative count", { ...PROPOSAL, recordCount: -1 }],
    ["a negative amount", { ...PROPOSAL, estimatedValueUsd: -0.01 }],
    ["a part of a record", { ...PROPOSAL, estimated_records: 1.5 }],
    ["an empty key", { ...PROPOSAL, idempotencyKey: "" }],
  ])("with %s are refused before sending", async (_, options) => {
    const { sent, fetch } = wire();
    await mistake(gate(fetch).propose(options as typeof PROPOSAL));
    expect(sent).toEqual([]);
  });

  test.each(["", "gate.test", "ftp://gate.test", "http://user:secret@gate.test", "http://gate.test/?key=x"])(
    "refuse the endpoint %j",
    (endpoint) => {
      expect(() => new Gate({ endpoint })).toThrow(GateOptionError);
    },
  );

  test("refuse an id that would name another resource", async () => {
    const { sent, fetch } = wire();
    await gate(fetch).getIntent({ intentId: "../agents?x=1" });
    expect(sent[0]?.url).toBe("http://gate.test/v1/intents/..%2Fagents%3Fx%3D1");
    for (const intentId of ["", ".", ".."]) {
      await mistake(gate(fetch).getIntent({ intentId }));
    }
  });

  test("keep the path of an endpoint", async () => {
    const { sent, fetch } = wire();
    await gate(fetch, { endpoint: "https://gate.test/gate/" }).list({ status: "pending_approval", limit: 5 });
    expect(sent[0]?.url).toBe("https://gate.test/gate/v1/intents?status=pending_approval&limit=5");
  });
});

describe("results of the SDK", () => {
  test("print every member once, and can be read in both spellings", async () => {
    const body = {
      intentId: "int_1",
      proposalId: "int_1",
      risk_score: 0.25,
      reason_code: "r",
      reasonCode: "r",
      blockReason: null,
    };
    const { fetch } = wire(json(body));
    const proposed = await gate(fetch).propose(PROPOSAL);
    expect(Object.keys(proposed).toSorted()).toEqual(["blockReason", "intentId", "reasonCode", "risk_score"]);
    expect(JSON.parse(JSON.stringify(proposed))).toEqual({
      intentId: "int_1",
      risk_score: 0.25,
      reasonCode: "r",
      blockReason: null,
    });
    expect(proposed).toMatchObject({
      proposalId: "int_1",
      proposal_id: "int_1",
      intent_id: "int_1",
      reason_code: "r",
      riskScore: 0.25,
      block_reason: null,
    });
  });

  test("keep a member that is named like a prototype a member", async () => {
    const { fetch } = wire(new Response('{"__proto__":{"status":"approved"},"status":"blocked"}'));
    const proposed = await gate(fetch).propose(PROPOSAL);
    expect([proposed.status, Object.getPrototypeOf(proposed)]).toEqual(["blocked", Object.prototype]);
  });

  test("resolve for blocked and duplicate_blocked", async () => {
    const blocked = wire(json({ status: "blocked", blockReason: "no" }));
    expect((await gate(blocked.fetch).propose(PROPOSAL)).status).toBe("blocked");
    const duplicate = wire(json({ status: "duplicate_blocked", intentId: "int_1" }, 409));
    expect((await gate(duplicate.fetch).propose(PROPOSAL)).intentId).toBe("int_1");
  });

  test.each<[string, Response, Partial<GateError>]>([
    [
      "a problem",
      json({ status: 403, code: "forbidden", detail: "Reviewers only.", error: "forbidden" }, 403),
      { status: 403, code: "forbidden", message: "Reviewers only." },
    ],
    ["the contract's older form", json({ error: "Not found" }, 404), { status: 404, message: "Not found" }],
    [
      "a conflict that is no duplicate",
      json({ code: "wrong_state" }, 409),
      { status: 409, code: "wrong_state" },
    ],
    ["a page", new Response("<html>", { status: 200 }), { status: 200, code: "not_json" }],
    ["a list", new Response("[1]", { status: 200 }), { code: "not_json" }],
    [
      "a redirect",
      new Response("", { status: 302, headers: { location: "http://evil.test" } }),
      { status: 302 },
    ],
  ])("reject with a GateError for %s", async (_, reply, expected) => {
    const { sent, fetch } = wire(reply);
    expect(await refusal(gate(fetch).propose(PROPOSAL))).toMatchObject(expected);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.redirect).toBe("manual");
  });
});

describe("what JSON can't carry is refused in one sentence, before anything is sent", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;

  test.each<[string, Record<string, unknown>, string]>([
    ["recordCount: NaN", { recordCount: Number.NaN }, "recordCount is NaN, which JSON can't carry"],
    [
      "record_count: Infinity",
      { record_count: Number.POSITIVE_INFINITY },
      "recordCount is Infinity, which JSON can't carry",
    ],
    ["estimatedValueUsd: NaN", { estimatedValueUsd: Number.NaN }, "estimated_value_usd is NaN"],
    ["a BigInt in the payload", { payload: [{ amount: 5n }] }, "payload.0.amount is a BigInt"],
    ["NaN in the payload", { payload: { amount: Number.NaN } }, "payload.amount is NaN"],
    ["a BigInt as the payload", { payload: 5n }, "payload must be a string, bytes, or a JSON value"],
    ["a BigInt in the metadata", { metadata: { id: 7n } }, "metadata.id is a BigInt"],
    ["a payload that contains itself", { payload: circle }, "payload contains itself"],
  ])("%s", async (_, options, message) => {
    const { sent, fetch } = wire();
    const error = await mistake(gate(fetch).propose({ ...PROPOSAL, ...options } as never));
    expect(error.message).toContain(message);
    expect(error.message).not.toContain("\n");
    expect(sent).toEqual([]);
  });

  test("in a report", async () => {
    const { sent, fetch } = wire();
    const report = {
      executionId: "exe_1",
      executionToken: "gex_1",
      status: "succeeded",
      result: { rows: 1n },
    };
    expect((await mistake(gate(fetch).report(report as never))).message).toContain("result.rows is a BigInt");
    expect(sent).toEqual([]);
  });
});

describe("the SDK's constructor", () => {
  const made = (options: unknown) => {
    try {
      return new Gate(options as GateOptions);
    } catch (error) {
      return error;
    }
  };

  test.each<[unknown, string]>([
    [{ endpoint: "http://localhost", apikey: "gate_sk_a" }, "unknown option: apikey"],
    [{ endpoint: "http://localhost", timeout: 5 }, "unknown option: timeout"],
    [{ endpoint: "http://localhost", url: "x" }, "unknown option: url"],
    [{ endpoint: "http://localhost", timeoutMs: "5" }, "timeoutMs can't be this string"],
    [{ endpoint: "http://localhost", timeoutMs: Number.NaN }, "timeoutMs can't be this number"],
    [{ endpoint: "http://localhost", timeoutMs: 0 }, "timeoutMs can't be this number"],
    [{ endpoint: "http://localhost", retries: -1 }, "retries can't be this number"],
    [{ endpoint: "http://localhost", fetch: "node" }, "fetch can't be this string"],
    [{ endpoint: "http://localhost", apiKey: null }, "apiKey can't be null"],
    [null, "options must be an object"],
    ["http://localhost", "options must be an object"],
  ])("refuses %j, which it would otherwise swallow", (options, message) => {
    expect(made(options)).toBeInstanceOf(TypeError);
    expect(made(options)).toMatchObject({ name: "GateOptionError", code: "invalid_option", message });
  });

  test("takes its options in snake_case as the methods do", async () => {
    const { sent, fetch } = wire();
    const options = {
      endpoint: "http://gate.example",
      api_key: "gate_sk_snake",
      fetch,
    } as unknown as GateOptions;
    await new Gate(options).getIntent({ intentId: "int_1" });
    expect(sent[0]?.key).toBe("Bearer gate_sk_snake");
  });
});

describe("keys of the SDK", () => {
  test("for approving are the option's, then the environment's, then the agent's", async () => {
    const { sent, fetch } = wire();
    await gate(fetch, { reviewerKey: "gate_rk_1" }).approve({ intentId: "int_1" });
    vi.stubEnv("GATE_REVIEWER_KEY", "gate_rk_2");
    await gate(fetch).reject({ intentId: "int_1", reason: "no" });
    vi.stubEnv("GATE_REVIEWER_KEY", "");
    await gate(fetch).cancelApproval({ intentId: "int_1" });
    expect(sent.map(({ key }) => key)).toEqual(["Bearer gate_rk_1", "Bearer gate_rk_2", "Bearer gate_sk_a"]);
    expect(sent.map(({ url }) => url.split("/").at(-1))).toEqual(["approve", "reject", "cancel-approval"]);
  });

  test("for a report are the order's token, requested when it is missing", async () => {
    const { sent, fetch } = wire(json({ execution_token: "gex_2" }), json({}));
    await gate(fetch).report({ execution_id: "exe_1", status: "succeeded", executed_at: 5 });
    expect(sent.map(({ key }) => key)).toEqual(["Bearer gate_sk_a", "Bearer gex_2"]);
    expect(sent[1]?.body).toEqual({ status: "succeeded", executed_at: 5 });
  });

  test("are neither needed nor sent for discovery", async () => {
    const { sent, fetch } = wire();
    await gate(fetch).discover();
    expect(sent[0]?.key).toBeNull();
  });

  describe("the key that a local server left", () => {
    async function keyFor(endpoint: string): Promise<string | null | undefined> {
      using folder = temporaryFolder();
      mkdirSync(join(folder.path, "zehrava-gate"));
      const left = { "4000": "gate_sk_local", "443": "gate_sk_tls" };
      writeFileSync(join(folder.path, "zehrava-gate", "local-agents.json"), JSON.stringify(left));
      vi.stubEnv("XDG_CONFIG_HOME", folder.path);
      const { sent, fetch } = wire();
      await new Gate({ endpoint, fetch }).list().catch((error: unknown) => {
        expect((error as GateError).code).toBe("no_api_key");
      });
      return sent[0]?.key;
    }

    test.each([
      ["http://localhost:4000", "Bearer gate_sk_local"],
      ["http://127.0.0.1:4000", "Bearer gate_sk_local"],
      ["http://[::1]:4000", "Bearer gate_sk_local"],
      ["https://localhost", "Bearer gate_sk_tls"],
    ])("is used for %s", async (endpoint, key) => {
      expect(await keyFor(endpoint)).toBe(key);
    });

    test.each([
      "http://localhost:4001",
      "http://gate.test:4000",
      "http://localhost.gate.test:4000",
      "http://127.0.0.1.gate.test:4000",
      "http://10.0.0.1:4000",
      "http://0.0.0.0:4000",
    ])("is never sent to %s", async (endpoint) => {
      expect(await keyFor(endpoint)).toBeUndefined();
    });

    test("is not taken from a damaged file", async () => {
      using folder = temporaryFolder();
      mkdirSync(join(folder.path, "zehrava-gate"));
      writeFileSync(join(folder.path, "zehrava-gate", "local-agents.json"), '{"4000": 7');
      vi.stubEnv("XDG_CONFIG_HOME", folder.path);
      const error = await refusal(
        new Gate({ endpoint: "http://localhost:4000", fetch: wire().fetch }).list(),
      );
      expect(error.code).toBe("no_api_key");
    });
  });
});

describe("the built SDK module", () => {
  test("imports nothing but the files beside it when loaded, so that browsers and Workers can load it", () => {
    const built = (name: string) => readFileSync(join(ROOT, "dist", "sdk", name), "utf8");
    const names = readdirSync(join(ROOT, "dist", "sdk")).filter((name) => name.endsWith(".js"));
    expect(names).toEqual(expect.arrayContaining(["gate.js", "propose.js", "verify.js"]));
    for (const name of names) {
      const text = built(name);
      const imported = [...text.matchAll(/\bfrom\s*["']([^"']+)["']/g)].map(([, from = ""]) => from);
      expect(imported.filter((from) => !from.startsWith("./shared-"))).toEqual([]);
      expect(text).not.toContain("require(");
    }
  });

  test("says which Node the client needs, as the engines of its package do", () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, "sdk", "typescript", "package.json"), "utf8")) as {
      readonly engines: { readonly node: string };
    };
    expect(engines.node).toBe(`>=${OLDEST_NODE}`);
  });
});
