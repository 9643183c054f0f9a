import { beforeAll, describe, expect, test, vi } from "vitest";
import { dynamicWorker, internet, out, setEgressScene } from "../../support/worker/egress.ts";
import { admin, call, eventsOf, register } from "../../support/worker/gate.ts";
import { ports } from "../../support/worker/receiver.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;

beforeAll(async () => {
  await setEgressScene("allow");
  agent = await register("agent");
});

const props = () => ({ agent: agent.id });
const JSON_TYPE = { "Content-Type": "application/json" };

/** A first part at once, a second once the reader has the first: polled, as requests share no promises. */
function inTwoParts(isSeen: () => boolean): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("first,")),
    async pull(controller) {
      while (!isSeen()) await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(new TextEncoder().encode("second"));
      controller.close();
    },
  });
}

describe("a streamed response is forwarded while it arrives", () => {
  test.each([
    ["a read of a destination", "https://crm.example.com/v1/export"],
    ["a host that no destination leads to", "https://files.example.org/export"],
  ])("from %s", async (_, url) => {
    let seen = false;
    internet(() => new Response(inTwoParts(() => seen)));
    const instruction = { method: "POST", body: JSON.stringify({ url, init: {} }) };
    const answer = await dynamicWorker(props()).fetch("http://agent.test/", instruction);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    let text = new TextDecoder().decode((await reader.read()).value);
    // Nothing more was sent yet: a body that is gathered first would never get here.
    seen = true;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += new TextDecoder().decode(read.value);
    }
    expect(text).toBe("first,second");
  });
});

describe("limits of egress", () => {
  test("INV-10: a write whose body is over the limit is refused as a whole", async () => {
    const arrived = internet();
    const body = JSON.stringify({ note: "a".repeat(ports().settings.maxPayloadBytes) });
    const answer = await out(props(), "https://crm.example.com/v1/notes", {
      method: "POST",
      headers: JSON_TYPE,
      body,
    });
    expect(answer.body).toMatchObject({ status: 413, code: "payload_too_large" });
    expect(arrived).toEqual([]);
  });

  test("INV-26: a false length by the sandboxed code does not bypass the limit", async () => {
    const arrived = internet();
    const answer = await out(props(), "https://crm.example.com/v1/notes", {
      method: "POST",
      headers: { ...JSON_TYPE, "Content-Length": "5" },
      body: JSON.stringify({ note: "a".repeat(ports().settings.maxPayloadBytes) }),
    });
    expect(answer.body).toMatchObject({ status: 413, code: "payload_too_large" });
    expect(arrived).toEqual([]);
  });
});

describe("repeats through egress", () => {
  test("INV-11: of many parallel equal requests with one key one reaches the upstream", async () => {
    const arrived = internet(() => Response.json({ id: "note_1" }));
    const wanted = {
      method: "POST",
      headers: { ...JSON_TYPE, "Idempotency-Key": "note-of-today" },
      body: '[{"note":"called back"}]',
    };
    const url = "https://crm.example.com/v1/notes";
    const answers = await Promise.all(Array.from({ length: 12 }, () => out(props(), url, wanted)));
    expect(arrived).toHaveLength(1);
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].every((status) => status === 200 || status === 202)).toBe(true);
    const intents = new Set(answers.map(({ headers }) => headers.get("X-Gate-Intent-Id")));
    expect(intents.size).toBe(1);
    const events = await eventsOf(String([...intents][0]));
    expect(events.filter((event) => event === "execution_requested")).toHaveLength(1);
  });
});

describe("stops and errors of egress", () => {
  test.each([
    ["the destination", { scope: "destination", target: "crm.out" }],
    ["its system", { scope: "destination", target: "crm.*" }],
    ["everything", { scope: "everything" }],
  ])("INV-05: neither reads nor writes pass once a kill switch stops %s", async (_, which) => {
    const arrived = internet();
    await call("POST", "/v1/switches", admin, { ...which, reason: "drill" });
    try {
      const read = await out(props(), "https://crm.example.com/v1/leads");
      expect(read.body).toMatchObject({ status: 409, code: "kill_switch_engaged" });
      const write = await out(props(), "https://crm.example.com/v1/notes", { method: "POST", body: "{}" });
      expect(write.status).toBeGreaterThanOrEqual(400);
      expect(arrived).toEqual([]);
    } finally {
      await call("POST", "/v1/switches/lift", admin, which);
    }
  });

  test("INV-25: a failing request is a problem without internal details, and nothing was sent", async () => {
    const arrived = internet();
    vi.spyOn(ports().principals, "get").mockRejectedValue(new Error("D1_ERROR: SELECT secret FROM places"));
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await out(props(), "https://crm.example.com/v1/leads");
    expect(answer.body).toMatchObject({ status: 503, code: "unavailable" });
    expect(answer.text).not.toContain("SELECT");
    expect(arrived).toEqual([]);
  });

  test("INV-23: a key of Gate's in a URL is sent nowhere", async () => {
    const arrived = internet();
    for (const url of [
      `https://crm.example.com/v1/leads?key=${agent.key}`,
      `https://crm.example.com/v1/${agent.key}`,
      `https://files.example.org/${agent.key}`,
    ]) {
      expect((await out(props(), url)).body).toMatchObject({ status: 400, code: "path_refused" });
    }
    expect(arrived).toEqual([]);
  });
});
