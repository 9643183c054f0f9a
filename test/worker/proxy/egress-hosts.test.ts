import { beforeAll, describe, expect, test, vi } from "vitest";
import { CREDENTIAL, internet, out, readsOf, setEgressScene } from "../../support/worker/egress.ts";
import { admin, call, register, until } from "../../support/worker/gate.ts";
import { ports } from "../../support/worker/receiver.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;

beforeAll(async () => {
  agent = await register("agent");
});

const props = () => ({ agent: agent.id });

describe("a destination found by host", () => {
  beforeAll(() => setEgressScene());

  test.each([
    ["over plain http", "http://crm.example.com/v1/leads?q=1"],
    ["with http's port", "http://crm.example.com:80/v1/leads?q=1"],
    ["with https's port", "https://crm.example.com:443/v1/leads?q=1"],
    ["in capitals", "HTTPS://CRM.Example.COM/v1/leads?q=1"],
    ["with the root's dot", "https://crm.example.com./v1/leads?q=1"],
    ["with a user before it", "https://evil.example:secret@crm.example.com/v1/leads?q=1"],
    ["escaped", "https://crm.ex%61mple.com/v1/leads?q=1"],
    ["in full width", "https://ｃｒｍ．example。com/v1/leads?q=1"],
    ["with a soft hyphen", "https://crm.exa\u00admple.com/v1/leads?q=1"],
    ["with a fragment behind", "https://crm.example.com/v1/leads?q=1#https://evil.example"],
    ["with a path that dots lead back in", "https://crm.example.com/x/../v1/./leads?q=1"],
    ["with backslashes", "https:\\\\crm.example.com\\v1\\leads?q=1"],
    ["and another Host in a header", "https://crm.example.com/v1/leads?q=1"],
  ])("INV-22: is called at the upstream as the registry writes it: %s", async (_, url) => {
    const arrived = internet();
    const headers = { Host: "evil.example", "X-Forwarded-For": "evil.example" };
    expect((await out(props(), url, { headers })).status).toBe(200);
    expect(arrived).toMatchObject([
      {
        url: "https://crm.example.com/v1/leads?q=1",
        headers: { authorization: `Bearer ${CREDENTIAL}` },
      },
    ]);
    expect(JSON.stringify(arrived)).not.toContain("evil.example");
  });

  test.each([
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "１２７.0.0.1",
    "127。0。0。1.",
  ])("INV-22: is found in every spelling of its number: %s", async (host) => {
    const arrived = internet();
    expect((await out(props(), `http://${host}:8099/leads`)).status).toBe(200);
    expect((await out(props(), `https://${host}:8099/leads`)).status).toBe(200);
    expect(arrived.map(({ url }) => url)).toEqual([
      "http://127.0.0.1:8099/leads",
      "http://127.0.0.1:8099/leads",
    ]);
  });

  test("is the one whose upstream has the longest matching path", async () => {
    internet();
    const write = { method: "POST", body: '{"amount":1}', headers: { "Content-Type": "application/json" } };
    for (const [path, destination] of [
      ["/v1/first", "crm.out-first"],
      ["/v1/refunds", "crm.out-held"],
      ["/v1/refunds/re_1/cancel", "crm.out-held"],
      ["/v1/%72efunds", "crm.out-held"],
      ["/v1/refundsx", "crm.out"],
      ["/v1/REFUNDS", "crm.out"],
      ["/", "crm.out"],
    ] as const) {
      const { headers } = await out(props(), `https://crm.example.com${path}`, write);
      const intent = await call("GET", `/v1/intents/${headers.get("X-Gate-Intent-Id")}`, admin);
      expect([path, intent.body.destination]).toEqual([path, destination]);
    }
  });

  test("is the one that requests are forwarded for, where another takes proposals only", async () => {
    internet();
    const { headers } = await out(props(), "https://both.example.com/x", { method: "POST", body: "{}" });
    const intent = await call("GET", `/v1/intents/${headers.get("X-Gate-Intent-Id")}`, admin);
    expect(intent.body.destination).toBe("crm.out-both");
  });
});

describe.each(["block", "allow"] as const)("with unknown hosts set to %s", (unknownHosts) => {
  beforeAll(() => setEgressScene(unknownHosts));

  test.each([
    ["another port", "https://crm.example.com:8443/v1/leads"],
    ["https's port, over http", "http://crm.example.com:443/v1/leads"],
    ["another port of a number", "http://127.0.0.1:8098/"],
    ["a path beside the upstream's", "https://own.example.com/admin"],
    ["the upstream's path in another case", "https://own.example.com/API/orders"],
    ["a path that only begins so", "https://own.example.com/api-internal"],
    ["a path that some servers read otherwise", "https://own.example.com//api/orders"],
    ["an upstream that two destinations have", "https://twice.example.com/orders"],
  ])("a governed host can't be reached around its destination: %s", async (_, url) => {
    const arrived = internet();
    const answer = await out(props(), url, { method: "POST", body: "{}" });
    expect(answer.body).toMatchObject({ status: 403, code: "host_not_allowed" });
    expect(arrived).toEqual([]);
  });

  test.each([
    ["two slashes", "https://crm.example.com/v1//leads"],
    ["an escaped slash", "https://crm.example.com/v1%2Fleads"],
    ["an escaped backslash", "https://crm.example.com/v1%5cleads"],
    ["a semicolon", "https://crm.example.com/v1/..;/leads"],
    ["escaped twice", "https://crm.example.com/v1/%252e%252e/leads"],
  ])("INV-22: an ambiguous path is refused with its reason: %s", async (_, url) => {
    const arrived = internet();
    expect((await out(props(), url)).body).toMatchObject({ status: 400, code: "path_refused" });
    expect(arrived).toEqual([]);
  });

  test.each([
    "https://127.0.0.1/",
    "https://2130706433/",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://93.184.215.14/",
    "https://[2606:4700:4700::1111]/",
    "https://localhost/",
    "https://vault/",
    "https://metadata.google.internal/",
    "https://10.0.0.1.nip.io/",
    "https://crm.example.com../v1/leads",
    "http://somewhere.example.com/",
    "ftp://somewhere.example.com/",
  ])("INV-22: a request to %s is refused", async (url) => {
    const arrived = internet();
    const answer = await out(props(), url);
    if (!url.startsWith("ftp")) expect(answer.body).toMatchObject({ status: 403, code: "host_not_allowed" });
    expect(arrived).toEqual([]);
  });
});

describe("unknown hosts", () => {
  const ELSEWHERE = "https://packages.example.org/simple?q=1";

  test("are blocked by default, and the attempt is counted", async () => {
    await setEgressScene();
    const arrived = internet();
    const { id } = await register("agent");
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const answer = await out({ agent: id }, ELSEWHERE, { method });
      expect(answer.body).toMatchObject({
        status: 403,
        code: "host_not_allowed",
        host: "packages.example.org",
      });
    }
    expect(arrived).toEqual([]);
    await until(async () => expect(await readsOf(id)).toEqual({ "unknown.refused": 3 }));
  });

  describe("where gate.yaml allows them", () => {
    beforeAll(() => setEgressScene("allow"));

    test("are forwarded unchanged, writes included, and counted", async () => {
      const arrived = internet(() => new Response("chunk", { status: 201, headers: { ETag: '"1"' } }));
      const { id } = await register("agent");
      const headers = { "X-Custom": "kept", Authorization: "Bearer of-the-agent", Cookie: "a=b" };
      const answer = await out({ agent: id }, ELSEWHERE, { method: "PUT", headers, body: "bytes" });
      expect(answer.status).toBe(201);
      expect(answer.text).toBe("chunk");
      expect(answer.headers.get("ETag")).toBe('"1"');
      expect(answer.headers.get("X-Gate-Intent-Id")).toBeNull();
      expect(arrived).toMatchObject([
        {
          method: "PUT",
          url: ELSEWHERE,
          text: "bytes",
          redirect: "manual",
          headers: { "x-custom": "kept", authorization: "Bearer of-the-agent", cookie: "a=b" },
        },
      ]);
      await until(async () => expect(await readsOf(id)).toEqual({ "unknown.outbound": 1 }));
    });

    test("INV-23: get no key of Gate's and no header addressed to Gate", async () => {
      const arrived = internet();
      const { key } = agent;
      const headers = {
        "X-Gate-Key": key,
        "X-Gate-Wait": "true",
        "X-Forwarded-For": "10.0.0.1",
        "CF-Connecting-IP": "10.0.0.1",
        "Proxy-Authorization": "Basic x",
        Connection: "X-Hop",
        "X-Hop": "hop",
        Authorization: `Basic ${btoa(`api:${key}`)}`,
        "X-Other": `token ${key}`,
      };
      expect((await out(props(), ELSEWHERE, { headers })).status).toBe(200);
      expect(Object.keys(arrived[0]?.headers ?? {})).toEqual([]);
      for (const url of [`${ELSEWHERE}&key=${key}`, `${ELSEWHERE}&key=${key.replace("_", "%5F")}`]) {
        expect((await out(props(), url)).body.code).toBe("path_refused");
      }
      expect(arrived).toHaveLength(1);
    });

    test("are forwarded with long URLs, such as those of searches and signed links", async () => {
      const arrived = internet();
      const url = `${ELSEWHERE}&signature=${"a".repeat(6_000)}`;
      expect((await out(props(), url)).status).toBe(200);
      expect(arrived).toMatchObject([{ url }]);
    });

    test("INV-23: get nothing of the header that keys come in, whatever its name and value", async () => {
      const arrived = internet();
      vi.spyOn(ports().settings, "keyHeader", "get").mockReturnValue("x-agent-token");
      expect(
        (await out(props(), ELSEWHERE, { headers: { "X-Agent-Token": "eyJ.of.an-issuer" } })).status,
      ).toBe(200);
      expect(arrived[0]?.headers).toEqual({});
    });

    test("INV-02: are open to agents that may use every destination, or this one by name", async () => {
      const arrived = internet();
      const [some, named] = [
        await register("agent", { allowedDestinations: ["crm.*"] }),
        await register("agent", { allowedDestinations: ["crm.*", "unknown.outbound"] }),
      ];
      const refused = await out({ agent: some.id }, ELSEWHERE);
      expect(refused.body).toMatchObject({ status: 403, code: "destination_not_allowed" });
      expect((await out({ agent: named.id }, ELSEWHERE)).status).toBe(200);
      expect(arrived).toHaveLength(1);
    });

    test.each([
      ["this agent", () => ({ scope: "agent", target: agent.id })],
      ["these hosts", () => ({ scope: "destination", target: "unknown.outbound" })],
      ["everything", () => ({ scope: "everything" })],
    ])("INV-05: are refused once a kill switch stops %s", async (_, which) => {
      const arrived = internet();
      const engaged = await call("POST", "/v1/switches", admin, { ...which(), reason: "drill" });
      expect(engaged.status).toBeLessThan(300);
      expect((await out(props(), ELSEWHERE)).body).toMatchObject({
        status: 409,
        code: "kill_switch_engaged",
      });
      expect(arrived).toEqual([]);
      const lifted = await call("POST", "/v1/switches/lift", admin, which());
      expect(lifted.status).toBeLessThan(300);
      expect((await out(props(), ELSEWHERE)).status).toBe(200);
    });

    test("accept no WebSocket and no unusual method", async () => {
      const arrived = internet();
      const upgrade = await out(props(), ELSEWHERE, { headers: { Upgrade: "websocket" } });
      expect(upgrade.body).toMatchObject({ status: 501, code: "upgrade_refused" });
      expect((await out(props(), ELSEWHERE, { method: "TRACK" })).status).toBeGreaterThanOrEqual(400);
      expect(arrived).toEqual([]);
    });
  });
});
