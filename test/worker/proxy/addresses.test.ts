import { type Principal } from "../../support/client.ts";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, register } from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import {
  approved,
  CREDENTIAL,
  heldThrough,
  through,
  upstream,
  type Arrived,
} from "../../support/worker/sent-writes.ts";

const UPSTREAM = "https://api.example.com";
const READS = "reads: [{ method: GET, path: /* }]";

const DESTINATIONS = `
  crm.items: { policies: [held], upstream: "${UPSTREAM}", prefix: /crm, credential: up, ${READS} }
  crm.auto: { policies: [small], upstream: "${UPSTREAM}", prefix: /auto, credential: up, records: single, ${READS} }
  crm.own: { policies: [small], upstream: "${UPSTREAM}", prefix: /own, records: single, ${READS} }
`;

let agent: Principal;
let reviewer: Principal;
let arrived: Arrived[];
let answer: (request: Arrived) => Response;

beforeAll(async () => {
  bindings["UP_KEY"] = CREDENTIAL;
  agent = await register("agent");
  reviewer = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  const registry = `${people}\ndestinations:${DESTINATIONS}credentials: { up: { ref: env://UP_KEY } }\n`;
  await changeRules({ policies: RULES.policies, registry });
});

beforeEach(() => {
  arrived = upstream((request) => answer(request));
});

const read = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  through(agent, { path, method: "GET", body: null, headers });

describe("the upstream's own address in an answer", () => {
  const HEADERS: readonly (readonly [name: string, value: string, atGate: string])[] = [
    ["Link", `<${UPSTREAM}/items?page=2>; rel="next"`, '<http://gate.test/auto/items?page=2>; rel="next"'],
    ["Location", `${UPSTREAM}/items/7`, "/auto/items/7"],
    ["Content-Location", "/items/7", "/auto/items/7"],
    ["Refresh", `1; url=${UPSTREAM}/items`, "1; url=http://gate.test/auto/items"],
    ["Operation-Location", `${UPSTREAM}/ops/1`, "http://gate.test/auto/ops/1"],
    ["Azure-AsyncOperation", `${UPSTREAM}/ops/2`, "http://gate.test/auto/ops/2"],
    ["SourceMap", "/main.map", "http://gate.test/auto/main.map"],
    ["X-Next", `${UPSTREAM}/items?page=3`, "http://gate.test/auto/items?page=3"],
  ];
  const sending = () =>
    Response.json(
      { next: `${UPSTREAM}/items?page=2` },
      { headers: HEADERS.map(([name, value]) => [name, value]) },
    );
  const shown = (headers: Headers) => HEADERS.map(([name]) => headers.get(name));

  test("to a read leads through the entry it came through, and the body stays as it came", async () => {
    answer = sending;
    const sent = await read("/auto/items?page=1");
    expect(shown(sent.headers)).toEqual(HEADERS.map(([, , atGate]) => atGate));
    expect(sent.body.next).toBe(`${UPSTREAM}/items?page=2`);
    const other = await read("/crm/items?page=1");
    expect(other.headers.get("Location")).toBe("/crm/items/7");
  });

  test("to a write that is approved at once leads through Gate, as does its repeat", async () => {
    answer = sending;
    const wanted = { path: "/auto/items", body: '{"a":1}', headers: { "Idempotency-Key": "addresses-1" } };
    for (const sent of [await through(agent, wanted), await through(agent, wanted)]) {
      expect([sent.status, ...shown(sent.headers)]).toEqual([200, ...HEADERS.map(([, , atGate]) => atGate)]);
    }
    expect(arrived).toHaveLength(1);
  });

  test("in a kept answer leads through Gate for the agent, and stays as it came for people", async () => {
    answer = sending;
    const wanted = { path: "/crm/items", body: '{"a":2}' };
    const intent = await heldThrough(agent, wanted);
    await approved(intent, reviewer, "succeeded");
    const atGate = HEADERS.map(([, , value]) => value.replace("/auto", "/crm"));
    const repeat = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": intent } });
    expect(shown(repeat.headers)).toEqual(atGate);
    const storedFor = async (key: string) => {
      const { body } = await call("GET", `/v1/intents/${intent}/response?format=json`, key);
      return shown(new Headers(body.headers as [string, string][]));
    };
    expect(await storedFor(agent.key)).toEqual(atGate);
    expect(await storedFor(reviewer.key)).toEqual(HEADERS.map(([, value]) => value));
  });

  test("of another host stays as it came, and no key of Gate's is in it", async () => {
    answer = () =>
      new Response(null, { status: 302, headers: { Location: "https://files.example.net/a?b=1" } });
    const sent = await read("/auto/file");
    expect([sent.status, sent.headers.get("Location")]).toEqual([302, "https://files.example.net/a?b=1"]);
    expect(arrived).toHaveLength(1);
  });
});

describe("a conditional request through Gate's credential", () => {
  /** RFC 9110 section 13: one resource with a version. */
  const versioned = ({ headers }: Arrived): Response => {
    const tag = '"v1"';
    if (headers.get("If-None-Match") === tag) {
      return new Response(null, { status: 304, headers: { ETag: tag } });
    }
    const wanted = headers.get("If-Match");
    if (wanted !== null && wanted !== tag) return new Response(null, { status: 412 });
    return Response.json(
      { ok: true },
      { headers: { ETag: tag, "Last-Modified": "Mon, 30 Nov 2026 10:00:00 GMT" } },
    );
  };

  test.each(["/auto", "/own"])(
    "at %s writes with the ETag that a read returned, and not with another",
    async (at) => {
      answer = versioned;
      const first = await read(`${at}/item`);
      const tag = first.headers.get("ETag") ?? "";
      expect([tag, first.headers.get("Last-Modified")]).toEqual(['"v1"', "Mon, 30 Nov 2026 10:00:00 GMT"]);
      expect((await read(`${at}/item`, { "If-None-Match": tag })).status).toBe(304);
      const put = (match: string) =>
        through(agent, { path: `${at}/item`, method: "PUT", headers: { "If-Match": match } });
      expect((await put(tag)).status).toBe(200);
      expect((await put('"v0"')).status).toBe(412);
      expect(arrived.map(({ headers }) => headers.get("If-Match"))).toEqual([null, null, tag, '"v0"']);
    },
  );
});
