import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Body, crmImport, eventsOf, startGate, statusesOf, text } from "../support/gate.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const PROPOSAL = JSON.stringify({
  destination: "zendesk.reply",
  policy: "support-reply",
  payload: "Solved.",
});
const JSON_BODY = "Content-Type: application/json";

/** A request as bytes; the connection ends with its answer. */
function http(line: string, headers: readonly string[], body = "", host = `127.0.0.1:${gate.port}`): string {
  return [`${line} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...headers, "", body].join("\r\n");
}

const bearer = (key: string) => `Authorization: Bearer ${key}`;

describe("INV-25: ambiguous request framing", () => {
  test.each<[string, readonly string[], string]>([
    ["two lengths", [`Content-Length: ${PROPOSAL.length}`, "Content-Length: 5"], PROPOSAL],
    ["a negative length", ["Content-Length: -1"], PROPOSAL],
    ["a length with a sign", [`Content-Length: +${PROPOSAL.length}`], PROPOSAL],
    ["a length beyond all numbers", ["Content-Length: 99999999999999999999"], PROPOSAL],
    ["a blank before the colon", [`Content-Length : ${PROPOSAL.length}`], PROPOSAL],
    ["an unknown transfer encoding", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"],
    ["chunked, but not last", ["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"],
    ["a chunk whose size is no number", ["Transfer-Encoding: chunked"], "zz\r\nabc\r\n0\r\n\r\n"],
    [
      "a chunk larger than all numbers",
      ["Transfer-Encoding: chunked"],
      "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    ],
  ])("with %s is 400", async (_, headers, body) => {
    const answer = await gate.raw(http("POST /v1/intents", [bearer(agent.key), JSON_BODY, ...headers], body));
    expect(statusesOf(answer), answer).toEqual([400]);
  });

  test("with a length and chunks never reaches the request hidden behind it", async () => {
    const hidden = http("GET /v1/policies", [bearer(agent.key)]);
    const answer = await gate.raw(
      http(
        "POST /v1/intents",
        [bearer(agent.key), JSON_BODY, `Content-Length: ${hidden.length + 5}`, "Transfer-Encoding: chunked"],
        `0\r\n\r\n${hidden}`,
      ).replace("Connection: close\r\n", ""),
    );
    expect(statusesOf(answer), answer).toEqual([400]);
    expect(answer).not.toContain("crm-low-risk");
  });

  test("is not assumed for a body that arrives byte by byte, which is read whole", async () => {
    const head = http("POST /v1/intents", [
      bearer(agent.key),
      JSON_BODY,
      `Content-Length: ${PROPOSAL.length}`,
    ]);
    expect(statusesOf(await gate.raw(head, ...PROPOSAL))).toEqual([200]);
  });
});

describe("INV-25: the Host header", () => {
  test.each(["x/v1/policies?", "x/v1/policies#", "a b/@x", "x\\y", "a@b", "x?", "a, b"])(
    "%j is 400",
    async (host) => {
      const answer = await gate.raw(http("GET /health", [bearer(agent.key)], "", host));
      expect(statusesOf(answer), answer).toEqual([400]);
      expect(answer).not.toContain("crm-low-risk");
    },
  );

  test.each(["localhost", "gate.example.com:8443", "127.0.0.1:4000", "[::1]:4000"])(
    "%j is accepted",
    async (host) => {
      expect(statusesOf(await gate.raw(http("GET /health", [], "", host)))).toEqual([200]);
    },
  );
});

describe("INV-27: a key", () => {
  const K = agent.key;
  test.each<[string, readonly string[], string]>([
    ["in the query", [], `?api_key=${K}&access_token=${K}`],
    ["in a header of another name", [`X-Api-Key: ${K}`], ""],
    ["in a cookie", [`Cookie: authorization=Bearer ${K}`], ""],
    ["in Basic", [`Authorization: Basic ${Buffer.from(`x:${K}`).toString("base64")}`], ""],
    ["behind a tab", [`Authorization: Bearer\t${K}`], ""],
    ["with a word more", [`Authorization: Bearer ${K} x`], ""],
    ["beside another one", [bearer(K), bearer("gate_sk_other")], ""],
    ["after another one", [bearer("gate_sk_other"), bearer(K)], ""],
    ["with a letter that is not ASCII", [`Authorization: Bearer ${K}\u00e9`], ""],
    ["cut short", [bearer(K.slice(0, -1))], ""],
    ["in capitals", [bearer(K.toUpperCase())], ""],
  ])("is not accepted %s", async (_, headers, query) => {
    expect(statusesOf(await gate.raw(http(`GET /v1/intents${query}`, headers)))).toEqual([401]);
  });

  test("is never in the server's output, whatever went wrong", async () => {
    await gate.raw(http("POST /v1/intents", [bearer(K), JSON_BODY, "Transfer-Encoding: chunked"], "zz\r\n"));
    expect(gate.printed()).not.toContain(K);
  });
});

describe("INV-25: methods and paths", () => {
  test.each(["X-HTTP-Method-Override: POST", "X-Method-Override: POST", "X-HTTP-Method: POST"])(
    "the header %s does not change the method",
    async (header) => {
      const answer = await gate.raw(http("GET /v1/agents/register", [bearer(gate.adminKey), header]));
      expect(statusesOf(answer)).toEqual([404]);
    },
  );

  test("CONNECT opens no tunnel and leaves nothing in the log", async () => {
    const before = gate.printed();
    const answer = await gate.raw("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n");
    expect(statusesOf(answer)).toEqual([500]);
    // A line that came would come at once; the next request's would come after it.
    expect(statusesOf(await gate.raw(http("GET /v1/nowhere", [])))).toEqual([404]);
    expect(gate.printed()).toBe(before);
  });

  test.each(["patch", "Patch", "connect", "get"])(
    "the method %s is refused, because its case is wrong",
    async (method) => {
      const before = gate.printed();
      expect(statusesOf(await gate.raw(http(`${method} /v1/intents`, [bearer(agent.key)])))).toEqual([501]);
      expect(gate.printed()).toBe(before);
    },
  );

  test.each(["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])("the method %s has no route", async (method) => {
    expect(statusesOf(await gate.raw(http(`${method} /v1/intents`, [bearer(agent.key)])))).toEqual([404]);
  });

  test.each([
    "//v1/intents",
    "/v1//intents",
    "/v1/intents/",
    "/v1/./intents/x",
    "/v1/x/../agents/register",
    "/v1/intents%2fx",
    "/V1/intents",
    "/v1/intents;x",
    "/v1/intents%00",
    "/v1/intents/%",
    "/v1/intents/%ff",
    "/v1/intents/..%2fagents",
    "/v1\\intents",
    "*",
    "/cdn-cgi/mf/reload",
    "/cdn-cgi/handler/scheduled",
  ])("the path %s has no route", async (path) => {
    expect(statusesOf(await gate.raw(http(`GET ${path}`, [bearer(agent.key)])))).toEqual([404]);
  });
});

describe("INV-25: request bodies", () => {
  const post = (body: unknown) => gate.call("POST", "/v1/intents", agent.key, body);

  test.each<[string, string]>([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["a member twice", '{"destination":"a.b","destination":"c.d","policy":"p"}'],
    ["a member twice, once in escapes", '{"destination":"a.b","d\\u0065stination":"c.d","policy":"p"}'],
    ["a lone surrogate", '{"destination":"a.b","policy":"p","payload":"\\ud800"}'],
    ["nested to the sky", `{"payload":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["a number beyond all numbers", '{"destination":"a.b","policy":"p","recordCount":1e400}'],
    ["a number that rounds", '{"destination":"a.b","policy":"p","recordCount":9007199254740993}'],
  ])("that are %s are 400", async (_, body) => {
    const answer = await post(body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ code: "invalid_json" });
  });

  test.each<[string, Body]>([
    ["a negative count", { recordCount: -1 }],
    ["half a record", { recordCount: 1.5 }],
    ["a count in words", { recordCount: "50 rows" }],
    ["a count in Arabic digits", { recordCount: "\u0665" }],
    ["a value that is no number", { estimated_value_usd: "NaN" }],
    ["a negative value", { estimated_value_usd: -1 }],
    ["no time at all", { expiresIn: "0s" }],
    ["a time in other units", { expiresIn: "1 fortnight" }],
    ["a destination that is a lookalike", { destination: "zendesk.r\u0435ply" }],
    ["a destination with a blank", { destination: "zendesk.reply " }],
    ["an empty key", { idempotency_key: "" }],
    ["a key of another type", { idempotency_key: {} }],
    ["a payload that is a number", { payload: 5 }],
    ["base64 that is none", { payload: "***", payload_encoding: "base64" }],
    ["a megabyte of metadata", { metadata: { a: "x".repeat(1_000_000) } }],
  ])("with %s are 400", async (_, change) => {
    const answer = await post(crmImport(1, change));
    expect(answer.status, answer.text).toBe(400);
  });

  test("INV-26: one byte over the limit are 413, and with a length over the limit 413 before they are read", async () => {
    const limit = 10 * 1024 * 1024;
    const over = await post({ ...crmImport(1), payload: "x".repeat(limit + 1), payload_name: "l.csv" });
    expect(over.status).toBe(413);
    expect(over.body).toMatchObject({ code: "payload_too_large", limit_bytes: limit });
    const declared = [JSON_BODY, "Content-Length: 1000000000"];
    expect(statusesOf(await gate.raw(http("POST /v1/intents", [bearer(agent.key), ...declared])))).toEqual([
      413,
    ]);
    // Authentication comes first.
    expect(statusesOf(await gate.raw(http("POST /v1/intents", declared)))).toEqual([401]);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "of type %s are 415",
    async (type) => {
      const headers = [bearer(agent.key), `Content-Type: ${type}`, `Content-Length: ${PROPOSAL.length}`];
      expect(statusesOf(await gate.raw(http("POST /v1/intents", headers, PROPOSAL)))).toEqual([415]);
    },
  );

  test("INV-12: a payload that names a file of the server is a name and is never read", async () => {
    const file = `${gate.home}/data/secrets.json`;
    const { body } = await post({ ...crmImport(1), payload: file });
    const id = text(body, "intentId");
    const payload = await gate.call("GET", `/v1/intents/${id}/payload`, reviewer.key);
    expect(payload.status).toBe(404);
    expect(payload.body).toMatchObject({ code: "no_payload" });
    const { GATE_SECRET: secret } = JSON.parse(readFileSync(file, "utf8")) as {
      readonly GATE_SECRET: string;
    };
    expect((await gate.call("GET", `/v1/intents/${id}`, reviewer.key)).text).not.toContain(secret);
  });
});

describe("INV-04: tokens of orders", () => {
  async function orders(count: number) {
    const made: { readonly intent: string; readonly id: string; readonly token: string }[] = [];
    for (let at = 0; at < count; at += 1) {
      const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(1));
      const intent = text(body, "intentId");
      const order = await gate.call("POST", `/v1/intents/${intent}/execute`, agent.key, "");
      made.push({ intent, id: text(order.body, "executionId"), token: text(order.body, "execution_token") });
    }
    return made;
  }

  test("one order's token reports no other order and is no key", async () => {
    const [one, two] = await orders(2);
    const report = { status: "succeeded" };
    expect((await gate.call("POST", `/v1/executions/${two?.id}/report`, one?.token, report)).status).toBe(
      401,
    );
    for (const path of ["/v1/intents", `/v1/intents/${one?.intent}`, `/v1/executions/${one?.id}`]) {
      expect((await gate.call("GET", path, one?.token)).status).toBe(401);
    }
    expect((await gate.call("POST", `/v1/executions/${one?.id}/report`, one?.token, report)).status).toBe(
      200,
    );
    expect((await gate.call("POST", `/v1/executions/${one?.id}/report`, one?.token, report)).status).toBe(
      409,
    );
  });

  test("a reviewer's or an admin's key is not accepted as a token", async () => {
    const [one] = await orders(1);
    for (const key of [reviewer.key, gate.adminKey, agent.key]) {
      const answer = await gate.call("POST", `/v1/executions/${one?.id}/report`, key, {
        status: "succeeded",
      });
      expect(answer.status).toBe(401);
    }
    const { body } = await gate.call("GET", `/v1/intents/${one?.intent}`, agent.key);
    expect(eventsOf(body).at(-1)).toBe("execution_requested");
  });
});
