import { beforeAll, describe, expect, test, vi } from "vitest";
import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import {
  admin,
  proposal,
  call,
  eventsOf,
  flushed,
  freeze,
  fresh,
  later,
  MINUTE_MS,
  objectOf,
  ordered,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import { sha256Hex } from "../../../src/core/base/digest.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

const execute = (id: string, body?: unknown) => call("POST", `/v1/intents/${id}/execute`, agent.key, body);
const payloadOf = (id: string, key = agent.key) => call("GET", `/v1/intents/${id}/payload`, key);

describe("INV-09: payload bytes survive the round trip", () => {
  const everyByte = Uint8Array.from({ length: 256 }, (_, at) => at);
  const big = new Uint8Array(3 * 1024 * 1024).map((_, at) => (at * 31 + (at >> 8)) % 256);
  const base64 = (bytes: Uint8Array) => {
    const parts: string[] = [];
    for (let at = 0; at < bytes.length; at += 30_000) {
      parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 30_000))));
    }
    return parts.join("");
  };
  const utf8 = (text: string) => new TextEncoder().encode(text);

  test.each([
    ["a text", { payload: "hello" }, utf8("hello")],
    ["no letters at all", { payload: "" }, utf8("")],
    ["spaces and line ends", { payload: " \r\n\t a \u00a0" }, utf8(" \r\n\t a \u00a0")],
    ["a byte order mark", { payload: "\ufeffa,b" }, utf8("\ufeffa,b")],
    ["characters of every plane", { payload: "aé漢😀\u0000\u202e👩‍👩‍👧" }, utf8("aé漢😀\u0000\u202e👩‍👩‍👧")],
    ["decomposed accents, not composed", { payload: "e\u0301" }, utf8("e\u0301")],
    ["JSON as text, with its spaces", { payload: '{ "b": 1,  "a": 2 }' }, utf8('{ "b": 1,  "a": 2 }')],
    [
      "JSON as an object, in RFC 8785 form",
      { payload: { b: 1, a: [true, null, 1.5] } },
      utf8('{"a":[true,null,1.5],"b":1}'),
    ],
    ["a list", { payload: [1, "2"] }, utf8('[1,"2"]')],
    ["every byte there is", { payload: base64(everyByte), payload_encoding: "base64" }, everyByte],
    ["nothing, in base64", { payload: "", payload_encoding: "base64" }, utf8("")],
    ["3 MiB", { payload: base64(big), payload_encoding: "base64" }, big],
    ["a data URI", { payload: "data:text/csv,a%2Cb%0A1%2C2" }, utf8("a,b\n1,2")],
    [
      "a data URI in base64",
      { payload: `data:application/octet-stream;base64,${base64(everyByte)}` },
      everyByte,
    ],
    [
      "text that looks like a path, sent as content",
      { payload: "/etc/passwd.csv", payload_media_type: "text/plain" },
      utf8("/etc/passwd.csv"),
    ],
  ])(
    "INV-09: payload with %s",
    async (_, payload, bytes) => {
      const answer = await call("POST", "/v1/intents", agent.key, { ...proposal("crm.held"), ...payload });
      expect(answer.status).toBe(200);
      const id = answer.body.intentId;
      const digest = sha256Hex(bytes);
      expect(answer.body.payload_hash).toBe(digest);
      const read = await payloadOf(id);
      expect(read.status).toBe(200);
      expect(read.bytes.length).toBe(bytes.length);
      expect(read.bytes.every((byte, at) => byte === bytes[at])).toBe(true);
      expect(read.headers.get("X-Payload-Digest")).toBe(digest);
    },
    20_000,
  );

  test("INV-28: a payload is served as a sandboxed download, whatever type the agent declared", async () => {
    const id = await propose(
      agent,
      proposal("crm.held", {
        payload: "<script>alert(1)</script>",
        payload_media_type: "text/html",
        payload_name: "a.html",
      }),
      "pending_approval",
    );
    const { headers } = await payloadOf(id, reviewer.key);
    expect(headers.get("Content-Type")).toBe("application/octet-stream");
    expect(headers.get("Content-Disposition")).toBe("attachment");
    expect(headers.get("Content-Security-Policy")).toBe("sandbox");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Cache-Control")).toBe("no-store");
  });

  test("INV-09: an order names the digests of the intent and payload that were approved", async () => {
    const proposed = await call("POST", "/v1/intents", agent.key, proposal("crm.held"));
    await call("POST", `/v1/intents/${proposed.body.intentId}/approve`, reviewer.key);
    const { body } = await execute(proposed.body.intentId);
    expect(body.intent_digest).toBe(proposed.body.intent_digest);
    expect(body.payload_hash).toBe(proposed.body.payload_hash);
    for (const row of await flushed(proposed.body.intentId)) {
      expect(JSON.parse(row.body).intent_digest, row.event).toBe(proposed.body.intent_digest);
    }
  });

  test("INV-09: the same request sent twice makes two intents with two digests", async () => {
    const request = proposal("crm.small");
    const [one, two] = [
      await call("POST", "/v1/intents", agent.key, request),
      await call("POST", "/v1/intents", agent.key, request),
    ];
    expect(one.body.intentId).not.toBe(two.body.intentId);
    expect(one.body.intent_digest).not.toBe(two.body.intent_digest);
    expect(one.body.payload_hash).toBe(two.body.payload_hash);
  });

  test.each([
    [
      "its policy",
      { ...RULES, policies: { ...RULES.policies, held: "require_approval: always\nexpiry_minutes: 31" } },
    ],
    [
      "its policy is gone",
      {
        ...RULES,
        policies: Object.fromEntries(Object.entries(RULES.policies).filter(([id]) => id !== "held")),
        registry: RULES.registry.replace("crm.held: { policies: [held] }", ""),
      },
    ],
    [
      "its destination",
      {
        ...RULES,
        registry: RULES.registry.replace(
          "crm.held: { policies: [held] }",
          "crm.held: { policies: [held], idempotent: true }",
        ),
      },
    ],
    [
      "another policy is bound",
      {
        ...RULES,
        registry: RULES.registry.replace(
          "crm.held: { policies: [held] }",
          "crm.held: { policies: [held, pair] }",
        ),
      },
    ],
  ])("INV-09: an approval is void and can't be given once %s has changed", async (_, rules) => {
    freeze();
    const pending = await propose(agent, proposal("crm.held"), "pending_approval");
    const approved = await propose(agent, proposal("crm.held"), "pending_approval");
    const live = await propose(agent, proposal("crm.held"), "pending_approval");
    for (const id of [approved, live]) await call("POST", `/v1/intents/${id}/approve`, reviewer.key);
    const order = (await execute(live)).body;
    await changeRules(rules);
    expect((await call("POST", `/v1/intents/${pending}/approve`, reviewer.key)).body.code).toBe(
      "approval_stale",
    );
    expect((await execute(approved)).body.code).toBe("approval_stale");
    expect(
      (await call("POST", `/v1/executions/${order.executionId}/claim`, order.execution_token)).body.code,
    ).toBe("approval_stale");
    await changeRules(RULES);
    expect((await execute(approved)).status).toBe(409);
  });

  test("INV-09: a comment in a policy strands nothing: what waits can be approved, and carried out", async () => {
    freeze();
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const comment = `# Ask finance.\n${RULES.policies["held"]}\n`;
    await changeRules({ ...RULES, policies: { ...RULES.policies, held: comment } });
    expect((await call("POST", `/v1/intents/${id}/approve`, reviewer.key)).status).toBe(200);
    await changeRules(RULES);
    expect((await execute(id)).status).toBe(201);
  });
});

describe("INV-10 INV-12: payloads that Gate has not seen", () => {
  test.each([
    "/etc/passwd.csv",
    "./leads.csv",
    "../../.dev.vars.json",
    "C:\\Users\\x\\leads.csv",
    "leads.CSV",
    "~/secrets.txt",
    "file.xlsx",
  ])("INV-12: the payload reference %s is stored as a name and never read", async (payload) => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held", { payload }));
    const detail = (await call("GET", `/v1/intents/${body.intentId}`, agent.key)).body;
    expect(detail).toMatchObject({
      payload_kind: "reference",
      payload_name: payload,
      payload_hash: null,
      payload_bytes: 0,
      payload_path: payload,
    });
    expect((await payloadOf(body.intentId)).body.code).toBe("no_payload");
  });

  test.each([
    "/etc/passwd",
    "/proc/self/environ",
    "file:///etc/passwd",
    "http://169.254.169.254/latest",
    "leads.csv\n",
    "two words.csv",
    "leads.csv.exe",
  ])("INV-12: the payload text %j is content like any other", async (payload) => {
    const id = await propose(agent, proposal("crm.held", { payload }), "pending_approval");
    expect((await payloadOf(id)).text).toBe(payload);
  });

  test("INV-10: a reference is held however few records are declared, unless the policy allows unmeasured payloads", async () => {
    await propose(
      agent,
      proposal("crm.measured", { payload: "./leads.csv", recordCount: 1 }),
      "pending_approval",
    );
    await propose(
      agent,
      proposal("crm.measured", {
        payload_reference: { name: "leads.csv", rows: 1 },
        payload: undefined,
        recordCount: 1,
      }),
      "pending_approval",
    );
    await propose(agent, proposal("crm.small", { payload: "./leads.csv", recordCount: 1 }), "approved");
  });

  test("INV-09 INV-10: a reference is bound by its digest, and its delivery has no bytes", async () => {
    const sha256 = "AB".repeat(32);
    const { body } = await call(
      "POST",
      "/v1/intents",
      agent.key,
      proposal("crm.small", {
        payload: undefined,
        payload_reference: { name: "leads.csv", sha256, rows: 5 },
      }),
    );
    expect(body.payload_hash).toBe(sha256.toLowerCase());
    const delivery = await call("POST", "/v1/deliver", agent.key, { intentId: body.intentId });
    const path = new URL(delivery.body.url).pathname;
    const receipt = await call("GET", path);
    expect(receipt.body).toMatchObject({ intentId: body.intentId, payloadHash: sha256.toLowerCase() });
    expect(await stateOf(body.intentId)).toBe("claimed");
    expect((await call("GET", path)).status).toBe(410);
  });

  test.each([
    ["both a payload and a reference", { payload_reference: { name: "a.csv" } }],
    [
      "a reference with a short digest",
      { payload: undefined, payload_reference: { name: "a.csv", sha256: "ab" } },
    ],
    [
      "a reference with negative rows",
      { payload: undefined, payload_reference: { name: "a.csv", rows: -1 } },
    ],
    ["base64 that is none", { payload: "****", payload_encoding: "base64" }],
    ["an unknown encoding", { payload: "a", payload_encoding: "utf-7" }],
  ])("INV-10: a proposal with %s is 400", async (_, more) => {
    expect((await call("POST", "/v1/intents", agent.key, proposal("crm.small", more))).status).toBe(400);
  });
});

describe("INV-11: orders and downloads of one intent", () => {
  test("INV-11: thirty parallel executes give one order: one 201, 29 times 200, one token, one entry", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const answers = await Promise.all(Array.from({ length: 30 }, () => execute(id)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(29);
    expect(new Set(answers.map(({ body }) => body.execution_token)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.executionId)).size).toBe(1);
    expect((await eventsOf(id)).filter((event) => event === "execution_requested")).toHaveLength(1);
  });

  test("INV-11: an intent with a live order can't be delivered or forwarded as well", async () => {
    const { intent } = await ordered(agent);
    expect((await call("POST", "/v1/deliver", agent.key, { intentId: intent })).body.code).toBe(
      "wrong_state",
    );
    expect((await execute(intent, { mode: "external_pull" })).status).toBe(409);
    const pulled = await propose(agent, proposal("crm.small"), "approved");
    await call("POST", "/v1/deliver", agent.key, { intentId: pulled });
    expect((await execute(pulled)).status).toBe(409);
  });

  test.each([
    ["own.pulled", { mode: "runner_exec" }, "wrong_executor"],
    ["own.pulled", undefined, "wrong_executor"],
  ])(
    "INV-11: at %s an order by %j is refused, because another executor has the write",
    async (destination, body, code) => {
      expect((await execute(await propose(agent, proposal(destination), "approved"), body)).body.code).toBe(
        code,
      );
    },
  );

  test("INV-11: a download is handed out once, also of ten in parallel", async () => {
    const payload = JSON.stringify({ row: fresh("download") });
    const id = await propose(agent, proposal("own.pulled", { payload }), "approved");
    const { url, deliveryToken } = (await call("POST", "/v1/deliver", agent.key, { intentId: id })).body;
    expect(url.endsWith(`/v1/download/${deliveryToken}`)).toBe(true);
    expect((await call("POST", "/v1/deliver", agent.key, { intentId: id })).body.deliveryToken).toBe(
      deliveryToken,
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("GET", `/v1/download/${deliveryToken}`)),
    );
    expect(answers.filter(({ status }) => status === 200).map(({ text }) => text)).toEqual([payload]);
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(9);
    expect((await call("GET", `/v1/intents/${id}`, agent.key)).body.status).toBe("delivered");
    expect(await eventsOf(id)).toContain("execution_claimed");
  });

  test("INV-11: a HEAD request for a download neither claims it nor reveals anything", async () => {
    const id = await propose(agent, proposal("own.pulled"), "approved");
    const { deliveryToken } = (await call("POST", "/v1/deliver", agent.key, { intentId: id })).body;
    expect((await send(`/v1/download/${deliveryToken}`, { method: "HEAD" })).status).toBeGreaterThanOrEqual(
      400,
    );
    expect(await stateOf(id)).toBe("scheduled");
    expect((await call("GET", `/v1/download/${deliveryToken}`)).status).toBe(200);
  });

  test.each([
    ["another intent's token tail", (token: string, other: string) => token.slice(0, 47) + other.slice(47)],
    ["one letter changed", (token: string) => token.slice(0, -1) + (token.endsWith("0") ? "1" : "0")],
    ["cut short", (token: string) => token.slice(0, -1)],
    ["one letter more", (token: string) => `${token}0`],
    ["only the intent", (token: string) => token.slice(0, 47)],
  ])("INV-11: a delivery token with %s opens nothing", async (_, forge) => {
    const tokenOf = async () => {
      const intentId = await propose(agent, proposal("own.pulled"), "approved");
      return (await call("POST", "/v1/deliver", agent.key, { intentId })).body.deliveryToken as string;
    };
    const [token, other] = [await tokenOf(), await tokenOf()];
    expect((await call("GET", `/v1/download/${forge(token, other)}`)).status).toBe(404);
    expect((await call("GET", `/v1/download/${token}`)).status).toBe(200);
  });

  test("INV-11: a rejection in parallel with approvals always stands", async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await propose(agent, proposal("crm.held"), "pending_approval");
      const verbs = Array.from({ length: 8 }, (_, at) => ((at + round) % 2 === 0 ? "approve" : "reject"));
      const answers = await Promise.all(
        verbs.map((verb) => call("POST", `/v1/intents/${id}/${verb}`, reviewer.key, { reason: "raced" })),
      );
      for (const { status } of answers) expect([200, 409]).toContain(status);
      // The same person's second rejection is the first one.
      for (const [at, { status }] of answers.entries()) if (verbs[at] === "reject") expect(status).toBe(200);
      const events = await eventsOf(id);
      // In either order the rejection is on the ledger once, last, and nothing can be ordered.
      expect(events.filter((event) => event === "rejected" || event === "revoked")).toHaveLength(1);
      expect(["rejected", "revoked"]).toContain(events.at(-1));
      expect((await execute(id)).status).toBe(409);
    }
  });

  test("INV-11: of a parallel withdrawal and approval exactly one takes effect", async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await propose(agent, proposal("crm.held"), "pending_approval");
      const withdraw = () => call("POST", `/v1/intents/${id}/withdraw`, agent.key);
      const approve = () => call("POST", `/v1/intents/${id}/approve`, reviewer.key);
      const answers = await Promise.all(round % 2 === 0 ? [withdraw(), approve()] : [approve(), withdraw()]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    }
  });

  test("INV-11: a worker that reports an unknown outcome leaves it indeterminate until a person resolves it", async () => {
    const { id, token, intent } = await ordered(agent);
    await call("POST", `/v1/executions/${id}/report`, token, {
      status: "indeterminate",
      result: { timeout: true },
    });
    const { body } = await call("GET", `/v1/intents/${intent}`, agent.key);
    expect(body).toMatchObject({ state: "indeterminate", status: "scheduled" });
    expect((await execute(intent)).status).toBe(409);
    const note = "The CRM has the rows.";
    const resolved = await call("POST", `/v1/intents/${intent}/resolve`, reviewer.key, {
      outcome: "executed",
      note,
    });
    expect(resolved.body.state).toBe("succeeded");
    expect(
      (await call("POST", `/v1/intents/${intent}/resolve`, reviewer.key, { outcome: "not_executed", note }))
        .status,
    ).toBe(409);
  });

  test("INV-11: an unknown outcome is retried only where the provider de-duplicates, with a new token and a higher fence, three times at most", async () => {
    const intent = await propose(agent, proposal("own.repeatable"), "approved");
    const seen: { id: string; token: string }[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const { status, body } = await execute(intent);
      expect(status).toBe(201);
      expect(body.attempt).toBe(attempt);
      seen.push({ id: body.executionId, token: body.execution_token });
      await call("POST", `/v1/executions/${body.executionId}/report`, body.execution_token, {
        status: "indeterminate",
      });
    }
    expect(new Set(seen.map(({ token }) => token)).size).toBe(3);
    expect((await execute(intent)).body.code).toBe("attempts_exhausted");
    const [first] = seen;
    const late = await call("POST", `/v1/executions/${first?.id}/report`, first?.token, {
      status: "succeeded",
    });
    expect(late.body.code).toBe("order_superseded");
    expect(await stateOf(intent)).toBe("indeterminate");
  });
});

describe("INV-11: a call that took effect and whose answer was lost", () => {
  const stubOf = env.INTENTS.get.bind(env.INTENTS);

  /** The next call of this method reaches the object, and its answer is lost on the way back. */
  function loseAnswer(method: "propose" | "handle") {
    let lost = false;
    return vi.spyOn(env.INTENTS, "get").mockImplementation((id) => {
      const stub = stubOf(id) as unknown as Record<string, (argument: unknown) => Promise<unknown>>;
      const reach = async (name: string, argument: unknown) => {
        const answer = await stub[name]?.(argument);
        if (name !== method || lost) return answer;
        lost = true;
        throw Object.assign(new Error("connection lost"), { retryable: true });
      };
      return new Proxy({} as ReturnType<typeof stubOf>, {
        get: (_, name) => (argument: unknown) => reach(String(name), argument),
      });
    });
  }

  test.each([{}, { idempotency_key: "lost" }])(
    "INV-11: a proposal with %j can be repeated without being a duplicate of itself",
    async (more) => {
      loseAnswer("propose");
      const id = await propose(agent, proposal("crm.small", more), "approved");
      vi.restoreAllMocks();
      expect(await eventsOf(id)).toEqual(["proposed", "policy_checked", "approved"]);
    },
  );

  test("INV-11: a repeated execute returns the same order", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    loseAnswer("handle");
    const { status, body } = await execute(id);
    vi.restoreAllMocks();
    expect(status).toBe(200);
    expect(body.execution_token).toMatch(/^gex_/);
    expect(await eventsOf(id)).toEqual(["proposed", "policy_checked", "approved", "execution_requested"]);
  });

  test("INV-11: a repeated report counts once", async () => {
    const { intent, id, token } = await ordered(agent);
    loseAnswer("handle");
    const answer = await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" });
    vi.restoreAllMocks();
    // 409 tells the worker that a report exists; it can read which.
    expect([200, 409]).toContain(answer.status);
    expect((await eventsOf(intent)).filter((event) => event === "execution_succeeded")).toHaveLength(1);
  });

  test("INV-11: a repeated claim is refused rather than given to two workers", async () => {
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    loseAnswer("handle");
    const claim = () => call("POST", `/v1/executions/${id}/claim`, token);
    const first = await claim();
    vi.restoreAllMocks();
    const answers = [first, await claim(), await claim()];
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    later(5 * MINUTE_MS);
    expect(await stateOf(intent)).toBe("indeterminate");
  });
});

describe("INV-11: one intent per idempotency key", () => {
  test("INV-11: fifty parallel proposals under one key make one intent: one 200, 49 times 409 with its id", async () => {
    const request = proposal("crm.small", { idempotency_key: fresh("key") });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => call("POST", "/v1/intents", agent.key, request)),
    );
    const [first, ...others] = answers.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    const repeats = answers.filter(({ status }) => status === 409);
    expect(repeats).toHaveLength(49);
    for (const { body } of repeats) {
      expect(body).toMatchObject({
        status: "duplicate_blocked",
        intentId: first?.body.intentId,
        proposalId: first?.body.intentId,
        code: "duplicate_blocked",
      });
    }
  });

  test.each([
    ["another policy", { policy: "held" }],
    ["another payload", { payload: "other" }],
    ["one record more", { recordCount: 2 }],
    ["an amount", { estimated_value_usd: 1 }],
    ["other metadata", { metadata: { a: 1 } }],
    ["another destination", { destination: "crm.held" }],
    ["a tag", { sensitivity_tags: ["pii"] }],
  ])("INV-11: the same key with %s is 422, and the first intent stays", async (_, more) => {
    const request = proposal("crm.small", { idempotency_key: fresh("key") });
    const id = await propose(agent, request, "approved");
    const other = await call("POST", "/v1/intents", agent.key, { ...request, ...more });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe("idempotency_key_reused");
    expect(other.text).not.toContain("row-");
    expect(await eventsOf(id)).toEqual(["proposed", "policy_checked", "approved"]);
  });

  test("INV-11: an equivalent spelling of the request under the key is the same request", async () => {
    const key = fresh("key");
    const id = await propose(
      agent,
      {
        destination: "crm.small",
        policy: "small",
        payload: { a: 1, b: 2 },
        recordCount: 3,
        estimated_value_usd: 5,
        idempotency_key: key,
      },
      "approved",
    );
    const spellings = [
      {
        idempotencyKey: key,
        estimatedValueUsd: 5,
        estimated_records: 3,
        payload: { b: 2, a: 1 },
        policy_id: "small",
        action: "crm.small",
      },
      {
        idempotency_key: key,
        estimated_value_usd: 5.0,
        record_count: "3",
        payload: { a: 1, b: 2 },
        policyId: "small",
        destination: "crm.small",
        on_behalf_of: null,
        metadata: {},
      },
    ];
    for (const request of spellings) {
      for (const path of ["/v1/intents", "/v1/propose"]) {
        const { status, body } = await call("POST", path, agent.key, request);
        expect(status, JSON.stringify(body)).toBe(409);
        expect(body.intentId).toBe(id);
      }
    }
  });

  test("INV-11: of twenty different parallel requests under one key one is made, and the others get no id of it", async () => {
    const idempotency_key = fresh("key");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call("POST", "/v1/intents", agent.key, proposal("crm.small", { idempotency_key })),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === "idempotency_key_reused")).toHaveLength(19);
  });

  test("INV-11: equal keys of two agents are different keys", async () => {
    const other = await register("agent");
    const request = proposal("crm.small", { idempotency_key: fresh("key") });
    expect(await propose(agent, request, "approved")).not.toBe(await propose(other, request, "approved"));
  });

  test("INV-11: keys that look alike are different keys", async () => {
    const request = proposal("crm.small");
    const keys = [
      "k",
      "K",
      "k ",
      " k",
      "k\u0000",
      '"k"',
      '","k',
      "k\u200b",
      "\u00e9",
      "e\u0301",
      "__proto__",
    ];
    const ids = await Promise.all(
      keys.map((key) => propose(agent, { ...request, idempotency_key: key }, "approved")),
    );
    expect(new Set(ids).size).toBe(keys.length);
  });

  test("INV-11: a key stays used after its intent has ended", async () => {
    const request = proposal("crm.held", { idempotency_key: fresh("key") });
    const id = await propose(agent, request, "pending_approval");
    await call("POST", `/v1/intents/${id}/withdraw`, agent.key);
    expect((await call("POST", "/v1/intents", agent.key, request)).body).toMatchObject({
      intentId: id,
      existingStatus: "blocked",
      state: "withdrawn",
    });
  });

  test("a withdrawn proposal without a key can be proposed again", async () => {
    const request = proposal("crm.held");
    const id = await propose(agent, request, "pending_approval");
    await call("POST", `/v1/intents/${id}/withdraw`, agent.key);
    expect(await propose(agent, request, "pending_approval")).not.toBe(id);
  });

  test("INV-19: repeats are on the intent's ledger: the first at once, a flood as one entry with its count", async () => {
    const request = proposal("crm.small", { idempotency_key: fresh("key") });
    const id = await propose(agent, request, "approved");
    const again = () => call("POST", "/v1/intents", agent.key, request);
    const counts = async () => {
      const { body } = await call("GET", `/v1/intents/${id}/audit`, admin);
      return body.events
        .filter(({ event_type }: { event_type: string }) => event_type === "duplicate_blocked")
        .map(({ metadata }: { metadata: { count: number } }) => metadata.count);
    };
    await again();
    expect(await counts()).toEqual([1]);
    for (let at = 0; at < 7; at += 1) await again();
    expect(await counts()).toEqual([1]);
    later(MINUTE_MS);
    // No call, only the alarm that was set for the end of the window.
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    expect(await counts()).toEqual([1, 7]);
    await again();
    expect(await counts()).toEqual([1, 7, 1]);
    const rows = await flushed(id);
    expect(rows.filter(({ event }) => event === "duplicate_blocked").map(({ actor }) => actor)).toEqual([
      agent.id,
      "gate",
      agent.id,
    ]);
    expect((await call("GET", "/v1/metrics", agent.key)).body.duplicate_actions).toBeGreaterThanOrEqual(2);
  });
});
