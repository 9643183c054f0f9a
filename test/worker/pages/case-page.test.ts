import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { sanitizeText, visibleLines } from "../../../src/http/pages/sanitize-text.ts";
import {
  eventsOf,
  admin,
  proposal,
  call,
  fresh,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let ana: Principal;
let ben: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
});

const held = (more: Record<string, unknown> = {}, destination = "crm.held") =>
  propose(agent, proposal(destination, more), "pending_approval");
const open = (intent: string, key = ben.key) => call("GET", `/cases/${intent}`, key);

async function digestOf(intent: string): Promise<string> {
  return (await call("GET", `/v1/intents/${intent}`, admin)).body.intent_digest;
}

/** Sends a form as a page of ours does. */
function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return send(path, {
    method: "POST",
    redirect: "manual",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: "http://gate.test", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

const bearer = ({ key }: Principal) => ({ Authorization: `Bearer ${key}` });

async function decide(
  intent: string,
  verb: "approve" | "reject",
  fields: Record<string, string> = {},
  headers: Record<string, string> = bearer(ben),
): Promise<Answer> {
  return post(`/cases/${intent}/${verb}`, { digest: await digestOf(intent), ...fields }, headers);
}

const DECIDED_BY_BEN = 'Decided by <bdi>Ben Okafor</bdi> <span class="id">ben</span>.';

const POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

describe("INV-28: every page", () => {
  test("has no script, loads nothing from elsewhere, can't be framed and isn't cached", async () => {
    const intent = await held();
    const link = await linkTo(intent, null);
    const pages = [
      await open(intent),
      await call("GET", "/cases", ben.key),
      await call("GET", `/case?link=${link}`),
      await call("GET", `/case?link=${link}`, ben.key),
      await call("GET", "/case"),
      await call("GET", "/cases/int_nowhere", ben.key),
      await open(intent, agent.key),
      await decide(intent, "reject"),
      await post(`/cases/${intent}/approve`, {}, {}),
    ];
    for (const { headers, status, text } of pages) {
      expect(headers.get("Content-Type"), String(status)).toBe("text/html; charset=UTF-8");
      expect(headers.get("Content-Security-Policy")).toBe(POLICY);
      expect(headers.get("X-Frame-Options")).toBe("DENY");
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
      expect(headers.get("Referrer-Policy")).toBe("strict-origin");
      expect(text).not.toMatch(/<script|<img|<iframe|\son\w+=|javascript:|style=|https?:\/\//i);
    }
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404, 404, 403, 400, 401]);
  });

  test("has its one stylesheet at a URL that changes with it", async () => {
    const { text } = await call("GET", "/cases", ben.key);
    const [, path = ""] = /href="(\/gate\.css\?v=\w+)"/.exec(text) ?? [];
    const style = await call("GET", path);
    expect(style.headers.get("Content-Type")).toBe("text/css; charset=utf-8");
    expect(style.headers.get("Cache-Control")).toContain("immutable");
    expect(style.text).not.toMatch(/url\(|@import|<\//);
  });
});

/** Attacker-controlled text on a page for reviewers. */
const CORPUS = [
  "<script>alert(1)</script>",
  "</pre></td></textarea><script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  "<svg/onload=alert(1)>",
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= alert(1) %>",
  "<!-- --><base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
  "<style>*{display:none}</style><form action=//evil.example><button>Approve</button></form>",
  "&lt;script&gt;&#60;script&#62;",
  "\u003cscript\u003e",
];

/** Tags in what came back that no page of ours makes. */
const STRANGE =
  /<(?:script|img|svg|base|iframe|object|style)|<form(?! class="who" method="post" action="\/sign-out"| method="post" action="\/cases\/int_[\w-]{43}\/)|<meta(?! charset| name)/i;

describe("INV-28: text written by an attacker", () => {
  test.each(CORPUS)("is shown as text on the page of its case: %s", async (text) => {
    const reviewer = await register("reviewer", { person: text });
    const hostile = await register("agent", { name: `${fresh("x")} ${text}`.slice(0, 120), owner: text });
    const request = proposal("crm.held", {
      payload: `${text}\n${text}`,
      payload_name: `${text.replaceAll(/[/\\]/g, "")}.txt`,
      metadata: { [text]: text },
      on_behalf_of: text,
      principal_id: text,
      sensitivity_tags: [text.slice(0, 64)],
      policy: text.slice(0, 128),
    });
    const named = await propose(hostile, { ...request, policy: "held" }, "pending_approval");
    await call("POST", `/v1/intents/${named}/approve`, reviewer.key, { reason: text });
    await call("POST", `/v1/intents/${named}/reject`, ana.key, { reason: text });
    const { text: shown, status } = await open(named);
    expect(status).toBe(200);
    expect(shown).not.toMatch(STRANGE);
    const escaped = text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&#39;");
    expect(shown).toContain("Decided by");
    // Owner, on whose behalf, metadata, tag, payload, and two comments.
    expect(shown.split(escaped.slice(0, 24)).length).toBeGreaterThan(6);
    await propose(hostile, proposal("crm.held"), "pending_approval");
    const queue = await call("GET", `/cases?agent=${hostile.id}`, reviewer.key);
    expect(queue.text).toContain("crm.held");
    expect(queue.text).not.toMatch(STRANGE);
  });

  test.each(CORPUS)("is shown as text in a URL and in a form: %s", async (text) => {
    const encoded = encodeURIComponent(text);
    const intent = await held();
    const pages = [
      await call("GET", `/cases?group=${encoded}`, ben.key),
      await call("GET", `/cases?after=${encoded}`, ben.key),
      await call("GET", `/cases?agent=${encoded}&destination=${encoded}&limit=${encoded}`, ben.key),
      await call("GET", `/cases/${encoded}`, ben.key),
      await call("GET", `/case?link=${encoded}`),
      await send(`/case?link=${encoded}`, { headers: { "Sec-Fetch-Site": "cross-site" } }),
      await send(`/cases/${encoded}`, { headers: { "Sec-Fetch-Site": "cross-site" } }),
      await decide(intent, "reject", { reason: "", digest: text }),
      await decide(intent, "approve", { link: text }),
    ];
    for (const { text: shown, status } of pages) {
      expect(shown.replace(/<meta http-equiv="refresh" content="0; url=\/case[^"<>]*" \/>/, "")).not.toMatch(
        STRANGE,
      );
      expect(status).toBeLessThan(500);
    }
  });
});

describe("INV-28: payload text is shown as it is", () => {
  test.each([
    ["report\u202efdp.exe", "report[U+202E]fdp.exe"],
    ["pay\u200bpal", "pay[U+200B]pal"],
    ["a\u2066b\u2069c\u061cd\u200ee", "a[U+2066]b[U+2069]c[U+061C]d[U+200E]e"],
    ["\u{e0041}\u{e007f}", "[U+E0041][U+E007F]"],
    ["zero\u0000nul\u001b[31m", "zero[U+0000]nul[U+001B][31m"],
    ["no\u00a0break\u3000wide\u2800", "no[U+00A0]break[U+3000]wide[U+2800]"],
    ["\u115f\u3164\u00ad\ufeff", "[U+115F][U+3164][U+00AD][U+FEFF]"],
    ["two\nlines\tand tab\r", "two[U+000A]lines[U+0009]and tab[U+000D]"],
    ["\ue000\ufdd0\ud800", "[U+E000][U+FDD0][U+D800]"],
    [`z${"\u0301".repeat(6)}`, `z${"\u0301".repeat(4)}[U+0301][U+0301]`],
    // Ordinary text in any script is shown unchanged.
    ["Grüße, Ελλάδα, 日本語, עברית, हिन्दी", "Grüße, Ελλάδα, 日本語, עברית, हिन्दी"],
    ["❤\ufe0f 👩🏽\u200d💻", "❤\ufe0f 👩🏽\u200d💻"],
    ["a\u200d❤", "a[U+200D]❤"],
  ])("within a line: %j", (text, shown) => {
    expect(sanitizeText(text)).toBe(shown);
  });

  test.each([
    ["a\r\nb\n\tc", "a\nb\n\tc"],
    ["seen\roverwritten", "seen[U+000D]overwritten"],
    ["ends so\n", "ends so[U+000A]"],
    ["ends so \t\r\n", "ends so[U+0020][U+0009][U+000D][U+000A]"],
    ["   ", "[U+0020][U+0020][U+0020]"],
    ["\n", "[U+000A]"],
    [" ".repeat(30), `${"[U+0020]".repeat(24)}[and 6 more blanks]`],
    ["line\u2028separator", "line[U+2028]separator"],
  ])("over several lines: %j", (text, shown) => {
    expect(visibleLines(text)).toBe(shown);
  });

  test("with a first line end that the tag before it does not swallow", async () => {
    const { text } = await open(await held({ payload: "\n\nlast" }));
    expect(text).toMatch(/<pre[^>]*>\n\n\nlast<\/pre>/);
  });

  test("with codes for reversed text and characters without width", async () => {
    const intent = await held({
      payload: "pay ben\u202e5000\u202c now\u200b",
      payload_name: "bill\u202efdp.exe",
      on_behalf_of: "ana\u200b",
    });
    const { text } = await open(intent);
    expect(text).toContain("pay ben[U+202E]5000[U+202C] now[U+200B]");
    expect(text).toContain("bill[U+202E]fdp.exe");
    expect(text).toContain("ana[U+200B]");
    expect(text).not.toMatch(/[\u202e\u202c\u200b]/);
  });

  test("shortened with a note, and a link to the whole", async () => {
    const intent = await held({ payload: `${"\u{1F600}".repeat(40_000)} the end` });
    const { text } = await open(intent);
    expect(text).toContain("This is only the start");
    expect(text).toContain(`/v1/intents/${intent}/payload`);
    expect(text).not.toContain("the end");
    expect(text).not.toContain("\ufffd");
    expect(text.length).toBeLessThan(200_000);
  });

  test.each([
    ["bytes that are no text", { payload: btoa("\u00ff\u00fe\u0000binary"), payload_encoding: "base64" }],
    ["text with a byte that ends it", { payload: btoa("shown\u0000hidden"), payload_encoding: "base64" }],
  ])("except %s, of which only type, size and digest are shown", async (_, payload) => {
    const { text } = await open(await held(payload));
    expect(text).toContain("It is no text");
    expect(text).toContain("SHA-256");
    expect(text).not.toContain("<pre");
  });

  test("or with a note that it was never seen, is empty or was erased", async () => {
    expect((await open(await held({ payload: "./leads.csv" }))).text).toContain(
      "Gate has not seen the payload",
    );
    expect((await open(await held({ payload: "" }))).text).toContain("It is empty");
    const erased = await held({ payload: "secret words" });
    await call("POST", `/v1/intents/${erased}/reject`, ben.key, { reason: "no" });
    await call("POST", `/v1/intents/${erased}/erase`, admin, { reason: "asked for" });
    const { text, status } = await open(erased);
    expect(status).toBe(200);
    expect(text).toContain("was erased");
    expect(text).not.toContain("secret words");
  });
});

describe("the page of a case", () => {
  test("shows agent, destination, time, reasons, requirements and comments", async () => {
    const owned = await register("agent", { owner: "sales-team" });
    const request = proposal("crm.pair", {
      payload: '{"lead":"Ada"}',
      recordCount: 7,
      estimated_value_usd: 12.5,
    });
    const intent = await propose(owned, request, "pending_approval");
    await call("POST", `/v1/intents/${intent}/approve`, ana.key, { reason: "fine by me" });
    const { text } = await open(intent);
    for (const shown of [
      "Waiting for a decision",
      "1 of 2",
      "sales-team",
      "crm.pair",
      "{\n  &quot;lead&quot;: &quot;Ada&quot;\n}",
      "<dd>7<small>measured 1, declared 7</small>",
      "$12.50",
      '<span class="risk low">',
      "2 different people",
      "any reviewer",
      "Slack, or stronger",
      "the agent, and the people who answer for it",
      "fine by me",
      "require_approval",
      await digestOf(intent),
    ]) {
      expect(text, shown).toContain(shown);
    }
    expect(text).toMatch(/approve<\/span>\s*<span>\s*<bdi>Ana Diaz<\/bdi> <span class="id">ana<\/span>/);
  });

  test("shows which approvers could not be notified, and why", async () => {
    const intent = await held();
    const record = {
      target: "channel:ops",
      kind: "held",
      intent,
      seq: 3,
      to: null,
      at: Date.now(),
      attempts: 1,
      lastStatus: 500,
      deliveredAt: null,
      receipt: null,
    } as const;
    vi.spyOn(portsOf(env).deliveries, "ofIntents").mockResolvedValue([
      { ...record, id: "1", person: "ana", state: "failed", nextAt: null, lastProblem: "no <b>service</b>" },
      {
        ...record,
        id: "2",
        person: null,
        state: "pending",
        nextAt: 0,
        lastProblem: "down",
        kind: "reminder",
      },
      {
        ...record,
        id: "3",
        person: "ben",
        state: "delivered",
        nextAt: null,
        lastProblem: null,
        target: "channel:slack",
      },
      {
        ...record,
        id: "4",
        person: "ben",
        state: "pending",
        nextAt: 0,
        lastProblem: null,
        target: "channel:slack",
      },
    ]);
    const text = (await open(intent)).text.replaceAll(/\s+/g, " ");
    expect(text).toContain("Not delivered");
    expect(text).toContain(
      "The first message to channel:ops for ana: no &lt;b&gt;service&lt;/b&gt;. It is not tried again.",
    );
    expect(text).toContain("A reminder to channel:ops: down. Tried again at 1970-01-01 00:00 UTC.");
    expect(text).not.toContain("channel:slack");
  });

  test("allows a decision when notification state is unknown", async () => {
    const intent = await held();
    vi.spyOn(portsOf(env).deliveries, "ofIntents").mockRejectedValue(new Error("away"));
    const { status, text } = await open(intent);
    expect(status).toBe(200);
    expect(text).toContain("can't be read right now");
    expect((await decide(intent, "approve")).status).toBe(303);
  });

  test("hides the payload from reviewers who can't decide, and shows it to auditors", async () => {
    const intent = await held({ payload: "only for ana" }, "crm.by-ana");
    const { text } = await open(intent);
    expect(text).not.toContain("only for ana");
    expect(text).toContain("You can&#39;t decide this: the policy names other people.");
    expect(text).not.toContain('action="/cases/');
    const auditor = await register("auditor");
    for (const key of [auditor.key, admin]) {
      const whole = await open(intent, key);
      expect(whole.text).toContain("only for ana");
      expect(whole.text).not.toContain('action="/cases/');
    }
  });

  test("says that a kill switch stops the case", async () => {
    const target = await register("agent");
    const intent = await propose(target, proposal("crm.held"), "pending_approval");
    const stop = { scope: "agent", target: target.id };
    const answer = await call("POST", "/v1/switches", admin, { ...stop, reason: "incident" });
    expect(answer.status, answer.text).toBeLessThan(300);
    expect((await open(intent)).text).toContain("A kill switch is engaged");
    const tried = await decide(intent, "approve");
    expect(tried.status).toBe(409);
    expect(tried.text).toContain("A kill switch is engaged");
    expect((await call("POST", "/v1/switches/lift", admin, stop)).status).toBe(200);
  });
});

describe("deciding on the page", () => {
  test("an approval leads back to the case, which shows it", async () => {
    const intent = await held();
    const { status, headers } = await decide(intent, "approve", { comment: "checked\r\ntwice" });
    expect([status, headers.get("Location")]).toEqual([303, `/cases/${intent}`]);
    const { text } = await open(intent);
    expect(text).toContain(DECIDED_BY_BEN);
    expect(text).toContain("checked\ntwice");
    expect(text).toContain("Take the approval back");
  });

  test("a rejection needs a reason, in the browser and on the server", async () => {
    const intent = await held();
    expect((await open(intent)).text).toMatch(/<textarea[^>]+name="reason"[^>]+required/);
    for (const reason of ["", "  \r\n "]) {
      const { status, text } = await decide(intent, "reject", { reason });
      expect(status).toBe(400);
      expect(text).toContain("A rejection needs a reason");
    }
    expect((await decide(intent, "reject", { reason: "no" })).status).toBe(303);
    expect(await stateOf(intent)).toBe("rejected");
  });

  test("INV-09: a form decides only on the digest that it showed", async () => {
    const intent = await held();
    const other = await digestOf(await held());
    expect((await decide(intent, "approve", { digest: other })).status).toBe(409);
    for (const digest of ["", "x", other.toUpperCase()]) {
      expect((await decide(intent, "approve", { digest })).status).toBe(400);
    }
    expect((await post(`/cases/${intent}/approve`, {}, bearer(ben))).status).toBe(400);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("INV-03: the owner can't decide, and the page says why", async () => {
    const theirs = await register("agent", { owner: "ben" });
    const intent = await propose(theirs, proposal("crm.held"), "pending_approval");
    expect((await open(intent)).text).toContain("it was proposed by your own agent.");
    for (const verb of ["approve", "reject"] as const) {
      const { status, text } = await decide(intent, verb, { reason: "mine" });
      expect(status).toBe(403);
      expect(text).toContain("You cannot approve or reject an intent that you");
    }
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("a late decision is answered with a page that says so", async () => {
    const intent = await held();
    await decide(intent, "reject", { reason: "no" });
    const { status, text } = await decide(intent, "approve");
    expect(status).toBe(409);
    expect(text).toContain("The intent is rejected already");
  });

  test("without a session and a link no decision is made", async () => {
    const intent = await held();
    const { status, text } = await decide(intent, "approve", {}, {});
    expect(status).toBe(401);
    expect(text).toContain(`/sign-in?next=${encodeURIComponent(`/cases/${intent}`)}`);
    for (const role of ["agent", "runner", "auditor", "admin"]) {
      expect((await decide(intent, "approve", {}, bearer(await register(role)))).status, role).toBe(403);
    }
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test.each([
    ["another content type", { headers: { "Content-Type": "application/json" }, body: "{}" }, 415],
    ["no content type", { body: new Uint8Array([1]) }, 415],
    [
      "a field twice",
      { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "digest=a&digest=b" },
      400,
    ],
    [
      "too much",
      { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "a=".padEnd(70_000, "x") },
      413,
    ],
    [
      "a comment that is a document",
      {
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: "comment=".padEnd(6_000, "x"),
      },
      400,
    ],
    ["nothing", { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "" }, 400],
    [
      "garbage",
      { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "%ff%00=%&&=&" },
      400,
    ],
  ])("INV-25: a form with %s is refused", async (_, { headers, body }: RequestInit, status) => {
    const intent = await held();
    const answer = await send(`/cases/${intent}/approve`, {
      method: "POST",
      headers: { ...(headers as Record<string, string>), ...bearer(ben) },
      body: body ?? null,
    });
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers.get("Content-Type")).toContain("text/html");
  });
});

describe("editing a payload on the page", () => {
  const editable = (payload: string) => held({ payload }, "crm.editable");
  const change = async (
    intent: string,
    payload: string,
    more: Record<string, string> = {},
    by: Record<string, string> = bearer(ben),
  ) =>
    post(`/cases/${intent}/edit`, { digest: await digestOf(intent), payload, reason: "a typo", ...more }, by);
  const payloadOf = async (intent: string) =>
    (await call("GET", `/v1/intents/${intent}/payload`, admin)).text;

  test("replaces the case by a successor, and each links to the other", async () => {
    const intent = await editable("\none\ntwo");
    expect((await open(intent)).text).toContain(`href="/cases/${intent}/edit"`);
    const { text } = await call("GET", `/cases/${intent}/edit`, ben.key);
    expect(text).toMatch(/<textarea[^>]+name="payload"[^>]*>\n\none\ntwo<\/textarea>/);
    // As a browser sends it.
    const { status, headers } = await change(intent, "\r\none\r\nthree");
    expect(status).toBe(303);
    const [, successor = ""] = /^\/cases\/(.*)$/.exec(headers.get("Location") ?? "") ?? [];
    expect(await payloadOf(successor)).toBe("\none\nthree");
    expect((await open(intent)).text).toContain(`href="/cases/${successor}"`);
    const made = await open(successor, ana.key);
    expect(made.text).toContain(`href="/cases/${intent}"`);
    expect(made.text).toMatch(/<bdi>Ben Okafor<\/bdi> <span class="id">ben<\/span> changed/);
    // The editor counts as the proposer.
    expect((await decide(successor, "approve")).status).toBe(403);
    expect((await decide(successor, "approve", {}, bearer(ana))).status).toBe(303);
  });

  test("keeps the payload's line ends", async () => {
    const intent = await editable("a,b\r\n1,2\r\n");
    const { headers } = await change(intent, "a,b\r\n1,3\r\n");
    expect(await payloadOf((headers.get("Location") ?? "").slice("/cases/".length))).toBe("a,b\r\n1,3\r\n");
  });

  test.each([
    ["text that runs backwards", "pay \u202e5000"],
    ["line ends of two kinds", "a\r\nb\nc"],
    ["a carriage return alone", "a\rb"],
    ["more than anybody reads", "x".repeat(70_000)],
  ])("is neither offered nor accepted for %s", async (_, payload) => {
    const intent = await editable(payload);
    expect((await open(intent)).text).not.toContain("/edit");
    expect((await change(intent, "other")).status).toBe(409);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("is not offered where the policy forbids it, nor to those who can't decide", async () => {
    const intent = await held({ payload: "as it is" });
    expect((await open(intent)).text).not.toContain("/edit");
    expect((await change(intent, "other")).status).toBe(403);
    const theirs = await register("agent", { owner: "ben" });
    const own = await propose(theirs, proposal("crm.editable", { payload: "mine" }), "pending_approval");
    expect((await open(own)).text).not.toContain("/edit");
    expect([403, 409]).toContain((await change(own, "other")).status);
    expect(await stateOf(own)).toBe("pending_approval");
  });

  test("INV-09: needs a reason, a change, the shown digest and a session", async () => {
    const intent = await editable("as it is");
    expect((await change(intent, "other", { reason: " " })).status).toBe(400);
    expect((await change(intent, "as it is")).status).toBe(422);
    expect((await change(intent, "other", { digest: "0".repeat(64) })).status).toBe(409);
    expect((await change(intent, "other", {}, {})).status).toBe(401);
    expect((await change(intent, "other", {}, { Origin: "https://evil.example" })).status).toBe(403);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("INV-27: uses up the link it was opened by", async () => {
    const intent = await editable("as it is");
    const link = await linkTo(intent, "ana");
    expect((await call("GET", `/case?link=${link}`, ben.key)).text).toContain(`value="${link}"`);
    expect((await change(intent, "other", { link }, {})).status).toBe(401);
    expect((await change(intent, "other", { link })).status).toBe(303);
    expect((await call("GET", `/v1/approval-links/${link}`)).body.code).toBe("link_already_used");
  });
});

describe("the page of a link", () => {
  const byLink = () => held({}, "crm.by-link");

  test("INV-27: decides once where the policy allows that, with the page's own form", async () => {
    const intent = await byLink();
    const link = await linkTo(intent, "ana");
    const { text } = await call("GET", `/case?link=${link}`);
    expect(text).toContain(`action="/cases/${intent}/approve"`);
    expect(text).toContain(`value="${link}"`);
    const done = await decide(intent, "approve", { link }, {});
    expect([done.status, done.headers.get("Location")]).toEqual([303, `/case?link=${link}`]);
    const after = await call("GET", `/case?link=${link}`);
    expect(after.status).toBe(410);
    expect(after.text).toContain("Approved");
    expect(after.text).not.toContain("<textarea");
    expect(after.text).toContain("The decision made with this link is recorded.");
    // A double click ends where the first one did.
    expect((await decide(intent, "approve", { link }, {})).status).toBe(303);
    expect((await decide(intent, "reject", { link, reason: "no" }, {})).status).toBe(410);
  });

  test("INV-27: otherwise asks for signing in and keeps the link", async () => {
    for (const link of [await linkTo(await held(), "ana"), await linkTo(await byLink(), null)]) {
      const { text } = await call("GET", `/case?link=${link}`);
      expect(text).toContain(`/sign-in?next=${encodeURIComponent(`/case?link=${link}`)}`);
      expect(text).not.toContain("<textarea");
    }
    const intent = await held();
    const { status, text } = await decide(intent, "approve", { link: await linkTo(intent, "ana") }, {});
    expect(status).toBe(401);
    expect(text).toContain("sign in");
  });

  test("INV-27: decides its own intent, whatever URL the form is posted to", async () => {
    const [intent, other] = [await byLink(), await byLink()];
    const link = await linkTo(intent, "ana");
    expect((await decide(other, "approve", { link }, {})).status).toBe(404);
    expect([await stateOf(intent), await stateOf(other)]).toEqual(["pending_approval", "pending_approval"]);
  });

  test("INV-27: used twice in parallel decides once, and a double click ends on the case", async () => {
    const intent = await propose(agent, proposal("crm.by-links"), "pending_approval");
    const link = await linkTo(intent, "ana");
    const tried = await Promise.all(Array.from({ length: 8 }, () => decide(intent, "approve", { link }, {})));
    expect(tried.map(({ status }) => status)).toEqual(Array(8).fill(303));
    expect((await eventsOf(intent)).filter((event) => event === "approval_vote_recorded")).toHaveLength(1);
  });

  test("is the whole case for a signed-in person, who decides as themselves", async () => {
    const intent = await held({ payload: "the whole of it" });
    const link = await linkTo(intent, "ana");
    const { text } = await call("GET", `/case?link=${link}`, ben.key);
    expect(text).toContain("the whole of it");
    expect(text).toContain("You decide as ben");
    expect((await decide(intent, "approve", { link })).headers.get("Location")).toBe(`/cases/${intent}`);
    expect((await call("GET", `/case?link=${link}`, ben.key)).text).toContain(DECIDED_BY_BEN);
  });

  test("INV-28: a form sent from another site decides nothing, with or without a link", async () => {
    const intent = await byLink();
    const link = await linkTo(intent, "ana");
    for (const headers of [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
    ]) {
      expect((await decide(intent, "approve", { link }, headers)).status, JSON.stringify(headers)).toBe(403);
    }
    const silent = await send(`/cases/${intent}/approve`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ link, digest: await digestOf(intent) }).toString(),
    });
    expect(silent.status).toBe(403);
    expect(await stateOf(intent)).toBe("pending_approval");
  });
});

describe("the queue page", () => {
  test("is where / leads, after signing in", async () => {
    const root = await send("/", { redirect: "manual" });
    expect([root.status, root.headers.get("Location")]).toEqual([302, "/cases"]);
    for (const path of ["/cases", "/cases?group=a%26b", "/cases/int_x"]) {
      const { status, headers } = await send(path, { redirect: "manual" });
      expect([status, headers.get("Location")]).toEqual([302, `/sign-in?next=${encodeURIComponent(path)}`]);
    }
  });

  test("lists pending cases newest first, in pages, with links to similar ones", async () => {
    const one = await register("agent");
    const first = await propose(one, proposal("crm.held"), "pending_approval");
    const second = await propose(one, proposal("crm.held"), "pending_approval");
    const decided = await propose(one, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${decided}/reject`, ben.key, { reason: "no" });
    const { text } = await call("GET", `/cases?agent=${one.id}&limit=1&order=newest`, ben.key);
    expect(text).toContain(second);
    expect(text).not.toContain(first);
    expect(text).not.toContain(decided);
    const [, next = ""] = /href="(\/cases\?[^"]*after=[^"]*)"/.exec(text) ?? [];
    const older = await call("GET", next.replaceAll("&amp;", "&"), ben.key);
    expect(older.text).toContain(first);
    expect(older.text).not.toContain(">More<");
    const [, alike = ""] = /href="(\/cases\?group=[^"]*)"/.exec(text) ?? [];
    const group = await call("GET", alike, ben.key);
    expect(group.text).toContain(first);
    expect(group.text).toContain(second);
  });

  test("shows which approvers were not notified, and works when that is unknown", async () => {
    const one = await register("agent");
    const intent = await propose(one, proposal("crm.held"), "pending_approval");
    const deliveries = vi.spyOn(portsOf(env).deliveries, "ofIntents");
    deliveries.mockResolvedValue([
      {
        id: "1",
        target: "channel:<ops>",
        person: "ana",
        kind: "held",
        intent,
        seq: 3,
        to: null,
        at: 0,
        state: "failed",
        attempts: 1,
        nextAt: null,
        lastStatus: 404,
        lastProblem: "no <b>service</b>",
        deliveredAt: null,
        receipt: null,
      },
    ]);
    const { text } = await call("GET", `/cases?agent=${one.id}`, ben.key);
    expect(text).toMatch(/not delivered<\/span>\s+to channel:&lt;ops&gt;: no &lt;b&gt;service&lt;\/b&gt;/);
    deliveries.mockRejectedValue(new Error("away"));
    expect((await call("GET", `/cases?agent=${one.id}`, ben.key)).text).toContain(intent);
  });

  test("is refused to agents and runners, and readable for auditors and admins", async () => {
    for (const [role, status] of [
      ["agent", 403],
      ["runner", 403],
      ["auditor", 200],
      ["admin", 200],
    ] as const) {
      expect((await call("GET", "/cases", (await register(role)).key)).status, role).toBe(status);
    }
  });
});

test("INV-28: reloads from Gate's own page when the browser withheld its strict cookie", async () => {
  const intent = await held();
  const link = await linkTo(intent, "ana");
  for (const path of [`/cases/${intent}`, `/case?link=${link}`, "/cases"]) {
    const { status, text, headers } = await send(path, {
      redirect: "manual",
      headers: { "Sec-Fetch-Site": "cross-site" },
    });
    expect(status).toBe(200);
    expect(text).toContain(`http-equiv="refresh" content="0; url=${path}"`);
    expect(text).not.toContain("crm.held");
    expect(headers.get("Content-Security-Policy")).toBe(POLICY);
  }
  const again = await send(`/cases/${intent}`, {
    redirect: "manual",
    headers: { "Sec-Fetch-Site": "same-origin" },
  });
  expect(again.status).toBe(302);
});

describe("INV-00: a fact with two readings", () => {
  const payload = `a;b;c;d;e\n1;2;3;4;"x,y\n${"n,a@x\n".repeat(500)}"`;
  const readings =
    /two readings: 1 or 501 records; a reader with another delimiter finds other rows or columns/;

  test("is shown with its readings on the page, in the API and in the decision", async () => {
    const intent = await held({ payload, payload_name: "leads.csv", recordCount: 3 });
    const { text } = await open(intent);
    expect(text).toMatch(new RegExp(`<dt>Records</dt>\\s*<dd>unknown<small>${readings.source}`));
    const { body } = await call("GET", `/v1/intents/${intent}`, agent.key);
    const because = { fact: "records", because: "csv_delimiter", readings: [1, 501] };
    expect(body.unknown).toEqual([{ ...because, text: expect.stringMatching(readings) }]);
    const { body: decision } = await call("GET", `/v1/intents/${intent}/decision`, admin);
    expect(decision.facts.doubts).toEqual({ records: { because: "csv_delimiter", readings: [1, 501] } });
  });

  test("is not shown where all facts are known", async () => {
    const intent = await held();
    expect((await open(intent)).text).not.toContain('<div class="unknown">');
    expect((await call("GET", `/v1/intents/${intent}`, agent.key)).body.unknown).toEqual([]);
  });
});
