import { beforeAll, describe, expect, test, vi } from "vitest";
import { executeWrite } from "../../../src/app/execution/execute-write.ts";
import { err } from "../../../src/core/base/result.ts";
import type { CallFailure } from "../../../src/ports/upstream.ts";
import { admin, call, fresh, register, send, stateOf, until } from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";
import { ports, stopQueue } from "../../support/worker/receiver.ts";
import {
  approved,
  CREDENTIAL,
  heldThrough,
  setSentScene,
  UPSTREAM,
  upstream,
} from "../../support/worker/sent-writes.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let ana: Principal;
let ben: Principal;

beforeAll(async () => {
  await setSentScene();
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
});

async function pageOf(intent: string, key = ben.key): Promise<string> {
  const { status, text } = await call("GET", `/cases/${intent}`, key);
  if (status !== 200) throw new Error(text);
  return text.replaceAll(/\s+/g, " ");
}

/** Tags in what came back that no page of ours makes. */
const STRANGE = /<(?:script|img|svg|base|iframe|object|style|form(?! class="who"| method="post"))/i;

describe("before the decision, the page of a write that Gate sends", () => {
  test("INV-21: shows method, URL, headers, body and the credential's slot, without the credential", async () => {
    const path = "/sent/customers/cus_1/refunds?amount=%39%30%30&to=a%E2%80%AEb";
    const headers = { "Stripe-Version": "2026-01-01" };
    const intent = await heldThrough(agent, { path, method: "PUT", body: "reason=kind", headers });
    const page = await pageOf(intent);
    expect(page).toContain(`PUT ${UPSTREAM}${path.slice("/sent".length).replaceAll("&", "&amp;")}</pre>`);
    expect(page).toContain("<li>amount = 900</li>");
    expect(page).toContain("<li>to = a[U+202E]b</li>");
    expect(page).toContain("<li>stripe-version: 2026-01-01</li>");
    expect(page).toContain('Gate puts it into the header <span class="mono">authorization</span>');
    expect(page).toContain("Gate, once, as soon as it is approved");
    expect(page).toContain("reason=kind");
    expect(page).not.toContain(CREDENTIAL);
  });

  test("shows whose credential is used and which idempotency header is added", async () => {
    const own = await pageOf(await heldThrough(agent, { path: "/repeated/refunds" }));
    expect(own).toContain("the agent&#39;s own, which Gate never stores");
    expect(own).toContain("Gate has no credential here");
    const intent = await heldThrough(agent, { path: "/sent-once/refunds" });
    const { http } = (await call("GET", `/v1/intents/${intent}`, ben.key)).body;
    expect(await pageOf(intent)).toContain(`<li>idempotency-key: ${http.repeat_header[1]}</li>`);
  });

  test("shows the request only to those who may see the payload", async () => {
    const path = "/sent-by-ana/only-in-the-path?q=only-in-the-query";
    const intent = await heldThrough(agent, { path });
    const page = await pageOf(intent);
    expect(page).toContain("Only people who may decide the case see the request.");
    expect(page).not.toContain("only-in-the");
    expect(await pageOf(intent, ana.key)).toContain("only-in-the-path?q=only-in-the-query");
  });

  test("INV-29: shows through a link only method and address, without the query and personal data", async () => {
    const path = "/sent-by-link/contacts/ada%40example.org?q=only-in-the-query";
    const intent = await heldThrough(agent, { path, body: "only-in-the-body" });
    const { status, text } = await call("GET", `/case?link=${await linkTo(intent, "ana")}`);
    expect(status).toBe(200);
    expect(text).toContain(`POST ${UPSTREAM}/contacts/[e-mail]?…`);
    expect(text).not.toMatch(/only-in-the|ada/);
  });

  test("INV-28: shows the agent's request as text", async () => {
    const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
    const headers = { "User-Agent": `x\u00ad${evil}`, "If-Match": evil };
    const path = `/sent/'><img?${encodeURIComponent(evil)}=${encodeURIComponent(evil)}&a=${evil}`;
    const intent = await heldThrough(agent, { path, headers, body: evil });
    const page = await pageOf(intent);
    expect(page).not.toMatch(STRANGE);
    expect(page).toContain("x[U+00AD]&quot;&#39;&gt;&lt;script&gt;");
    expect(page).toContain("If-Match".toLowerCase());
  });

  test("says that there is no body", async () => {
    const intent = await heldThrough(agent, { path: `/sent/${fresh("gone")}`, method: "DELETE", body: null });
    expect(await pageOf(intent)).toContain("the request above has no body");
  });
});

describe("after sending, the page of a write", () => {
  test("shows the response, and to others only its status", async () => {
    upstream(() => Response.json({ id: "only-in-the-answer" }, { headers: { "X-Request-Id": "req_7" } }));
    const intent = await heldThrough(agent, { path: "/sent-by-ana/refunds" });
    await approved(intent, ana, "succeeded");
    const page = await pageOf(intent, ana.key);
    expect(page).toContain("<strong>200</strong>");
    expect(page).toContain("carried out");
    expect(page).toContain("<li>x-request-id: req_7</li>");
    expect(page).toContain("{&quot;id&quot;:&quot;only-in-the-answer&quot;}");
    const others = await pageOf(intent);
    expect(others).toContain("<strong>200</strong>");
    expect(others).toContain("Only people who may decide the case see the response.");
    expect(others).not.toContain("only-in-the-answer");
    expect(others).not.toContain("req_7");
  });

  test("INV-28: shows the upstream's response as text", async () => {
    const evil = "<script>alert(1)</script>\u202e\u200b</pre><form action=//evil.example>";
    upstream(() => new Response(evil, { status: 422, headers: { "X-Request-Id": "<img src=x>\u00ad" } }));
    const intent = await heldThrough(agent, { path: "/sent/refunds" });
    await approved(intent, ben, "failed");
    const page = await pageOf(intent);
    expect(page).not.toMatch(STRANGE);
    expect(page).toContain("[U+202E][U+200B]&lt;/pre&gt;");
    expect(page).toContain("<strong>422</strong>");
    expect(page).toContain("not carried out");
  });

  test("offers a binary response as a file, and shows the start of a long one", async () => {
    upstream(() => new Response(Uint8Array.of(0xff, 0)));
    const bytes = await heldThrough(agent, { path: "/sent/refunds" });
    await approved(bytes, ben, "succeeded");
    expect(await pageOf(bytes)).toContain(`href="/v1/intents/${bytes}/response?format=raw"`);
    upstream(() => new Response(`${"x".repeat(70_000)}the-end`));
    const long = await heldThrough(agent, { path: "/sent/refunds" });
    await approved(long, ben, "succeeded");
    const page = await pageOf(long);
    expect(page).toContain("This is only the start");
    expect(page).not.toContain("the-end");
  });

  /** Approved, and sent by the test itself, so that this comes of it. */
  async function sentSo(path: string, failure: CallFailure): Promise<string> {
    stopQueue();
    const intent = await heldThrough(agent, { path });
    await call("POST", `/v1/intents/${intent}/approve`, ben.key, {});
    const found = ports().intents.find(intent);
    if (found === null) throw new Error("no such intent");
    await executeWrite(found, { ...ports(), callUpstream: async () => err(failure) });
    vi.restoreAllMocks();
    return intent;
  }

  test("INV-11: says that the outcome is unknown, why, and how to resolve it", async () => {
    const lost = {
      problem: "broken_off",
      source: "exchange",
      detail: "the connection ended",
      sent: true,
    } as const;
    const intent = await sentSo("/sent/refunds", lost);
    expect(await stateOf(intent)).toBe("indeterminate");
    const page = await pageOf(intent);
    expect(page).toContain("The outcome is unknown");
    expect(page).toContain("(broken off)");
    expect(page).toContain("Gate does not send it again before a person has resolved it.");
    expect(page).toContain(`POST /v1/intents/${intent}/resolve`);
    const again = await pageOf(await sentSo("/sent-once/refunds", lost));
    expect(again).toContain("Gate sends it again by itself");
  });

  test("says that it could not be sent yet", async () => {
    const failure = {
      problem: "unreachable",
      source: "request",
      detail: "nobody is there",
      sent: false,
    } as const;
    const intent = await sentSo("/sent/refunds", failure);
    expect(await stateOf(intent)).toBe("scheduled");
    expect(await pageOf(intent)).toContain("1 attempt ended before anything left.");
  });
});

describe("editing a held request on its page", () => {
  test("INV-09: changes its body alone, says so, and the approved successor is sent", async () => {
    const arrived = upstream(() => new Response("done"));
    const wanted = { path: "/sent-edited/refunds?for=ada", method: "PATCH", body: "amount=900" };
    const intent = await heldThrough(agent, wanted);
    const form = await call("GET", `/cases/${intent}/edit`, ben.key);
    expect(form.text).toContain("method, URL and headers stay as they are");
    const { intent_digest: digest, http } = (await call("GET", `/v1/intents/${intent}`, admin)).body;
    const edited = await send(`/cases/${intent}/edit`, {
      method: "POST",
      redirect: "manual",
      headers: {
        Authorization: `Bearer ${ben.key}`,
        Origin: "http://gate.test",
        "Content-Type": "application/x-www-form-urlencoded",
      },
      body: new URLSearchParams({ digest, payload: "amount=9", reason: "two digits too many" }).toString(),
    });
    expect(edited.status).toBe(303);
    const successor = edited.headers.get("Location")?.slice("/cases/".length) ?? "";
    expect((await call("GET", `/v1/intents/${successor}`, admin)).body.http).toEqual(http);
    expect(arrived).toEqual([]);
    await approved(successor, ana, "succeeded");
    const sent = arrived.map(({ method, url, text }) => [method, url, text]);
    expect(sent).toEqual([["PATCH", `${UPSTREAM}/refunds?for=ada`, "amount=9"]]);
    await until(async () => expect(await stateOf(intent)).toBe("cancelled"));
  });
});
