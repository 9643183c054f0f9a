import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approvalLink } from "../../src/app/approvals/approval-link.ts";
import { hmacHex } from "../../src/core/base/digest.ts";
import { keysInForce } from "../../src/core/base/key-derivation.ts";
import { temporaryFolder } from "../support/command.ts";
import { type Gate, startGate, text } from "../support/gate.ts";
import { hasBrowser, startBrowser, type Visitor, visit } from "../support/browser.ts";
import type { Principal } from "../support/client.ts";

/** Known to the test, so that it can make the links that messages carry. */
const SECRET = Buffer.alloc(32, "browser test secret").toString("base64");

const HOUR_MS = 60 * 60_000;

const POLICIES = {
  "needs-key":
    "destinations: [salesforce.import]\nrequire_approval: always\napprovers: { groups: [sales], min_assurance: key }\nedit: { allow: true }\n",
  "by-link": "destinations: [crm.note]\nrequire_approval: always\napprovers: { min_assurance: link }\n",
} as const;

const REGISTRY = `
people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
groups:
  sales: [ana, ben]
destinations:
  salesforce.import: { policies: [needs-key] }
  crm.note: { policies: [by-link] }
`;

/** Would show itself in the console, in a dialog, or in a request, if any of it ran or loaded. */
const SCRIPTS = `<script>console.log("ran")</script>
</pre><img src="http://evil.example/x.png" onerror="console.log('ran')">
<svg onload="alert('ran')"></svg><iframe src="http://evil.example/"></iframe>
<a href="javascript:alert('ran')">Approve</a>
<form action="http://evil.example/"><button>Approve</button></form>
<style>* { display: none }</style><link rel="stylesheet" href="http://evil.example/x.css">
<meta http-equiv="refresh" content="0; url=http://evil.example/">
{"amount": "100\u202e000\u202c", "to": "ac\u200bme"}
`;

let rules: ReturnType<typeof temporaryFolder>;
let gate: Gate;
let browser: Browser;
let agent: Principal;
let ana: Principal;
let origin: string;

describe.skipIf(!hasBrowser)("the case page in a browser", () => {
  beforeAll(async () => {
    rules = temporaryFolder();
    const folder = join(rules.path, "policies");
    mkdirSync(folder);
    for (const [id, body] of Object.entries(POLICIES)) {
      writeFileSync(join(folder, `${id}.yaml`), `id: ${id}\n${body}`);
    }
    writeFileSync(join(rules.path, "gate.yaml"), REGISTRY);
    const args = ["--policy-dir", folder, "--registry", join(rules.path, "gate.yaml")];
    [gate, browser] = await Promise.all([startGate({ args, env: { GATE_SECRET: SECRET } }), startBrowser()]);
    origin = `http://127.0.0.1:${gate.port}`;
    agent = await gate.register("agent", { name: "lead-importer", owner: "ben" });
    ana = await gate.register("reviewer", { person: "ana" });
  });

  afterAll(async () => {
    await browser?.close();
    await gate?.[Symbol.asyncDispose]();
    rules?.[Symbol.dispose]();
  });

  async function held(payload: string, destination = "salesforce.import"): Promise<string> {
    const policy = destination === "crm.note" ? "by-link" : "needs-key";
    const { body } = await gate.call("POST", "/v1/intents", agent.key, {
      destination,
      policy,
      payload,
      payload_name: "leads.txt",
      recordCount: 240,
      estimated_value_usd: 1234.5,
      metadata: { campaign: "spring" },
    });
    expect(body).toMatchObject({ status: "pending_approval" });
    return text(body, "intentId");
  }

  async function linkTo(intent: string, person: string | null): Promise<string> {
    const { body } = await gate.call("GET", `/v1/intents/${intent}`, gate.adminKey);
    const token = (kind: "link", subject: string) =>
      hmacHex(keysInForce([SECRET], `${kind}-token`)[0], subject);
    const digest = text(body, "intent_digest");
    return approvalLink(
      { deriveToken: (_, subject) => token("link", subject) },
      { intent, digest, person, id: `lnk-${intent}`, expiresAt: Date.now() + HOUR_MS },
    );
  }

  async function stateOf(intent: string): Promise<unknown> {
    return (await gate.call("GET", `/v1/intents/${intent}`, gate.adminKey)).body["state"];
  }

  async function signIn({ page }: Visitor): Promise<void> {
    await page.getByLabel(/key/i).fill(ana.key);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  /** Nothing ran, nothing was loaded from elsewhere, and no rule of the page's policy was broken. */
  function expectQuiet({ messages, strayed }: Visitor): void {
    expect(messages).toEqual([]);
    expect(strayed).toEqual([]);
  }

  const look = async ({ page }: Visitor, name: string) => {
    const folder = process.env["GATE_SCREENSHOTS"];
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  };

  test("signs a reviewer in with a key, opens a case from the queue, and approves it", async () => {
    const intent = await held("Ada Lovelace,ada@example.com\nAlan Turing,alan@example.com\n");
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/`);
    await look(visitor, "sign-in");
    await signIn(visitor);
    await page.waitForURL(`${origin}/cases`);
    await look(visitor, "queue");
    await page.locator(`a[href="/cases/${intent}"]`).click();
    await page.locator("pre", { hasText: "Ada Lovelace,ada@example.com" }).waitFor();
    await look(visitor, "case");
    await page.getByLabel(/Comment/).fill("checked the list");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Decided by Ana Diaz").waitFor();
    await look(visitor, "approved");
    expect(await stateOf(intent)).toBe("approved");
    // Beside the vote, and in the history.
    expect(await page.getByText("checked the list").count()).toBe(2);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${origin}/cases/${intent}`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    expectQuiet(visitor);
  });

  test("does not send a rejection without a reason", async () => {
    const intent = await held("one line");
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/cases/${intent}`);
    await signIn(visitor);
    await page.waitForURL(`${origin}/cases/${intent}`);
    await page.getByRole("button", { name: "Reject" }).click();
    expect(await page.locator("#reason:invalid").count()).toBe(1);
    expect(await stateOf(intent)).toBe("pending_approval");
    await page.locator("#reason").fill("wrong list");
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByText("Decided by Ana Diaz").waitFor();
    expect(await stateOf(intent)).toBe("rejected");
    expectQuiet(visitor);
  });

  test("returns an edited payload byte for byte except for the edit", async () => {
    const payload = "\n  name\n\tAda \n";
    const intent = await held(`${payload}\u00e9\u{1F600}\n`);
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/cases/${intent}`);
    await signIn(visitor);
    await page.waitForURL(`${origin}/cases/${intent}`);
    await page.getByText("Change what would be written").click();
    const field = page.getByLabel("New payload");
    expect(await field.inputValue()).toBe(`${payload}\u00e9\u{1F600}\n`);
    await field.fill(`${payload}\u00e9\u{1F601}\n`);
    await look(visitor, "edit");
    await page.locator("#why").fill("another face");
    await page.getByRole("button", { name: "Replace the payload" }).click();
    await page.getByText("Ana Diaz ana changed").waitFor();
    const successor = new URL(page.url()).pathname.slice("/cases/".length);
    const made = await gate.call("GET", `/v1/intents/${successor}/payload`, gate.adminKey);
    expect(made.text).toBe(`${payload}\u00e9\u{1F601}\n`);
    expect(await stateOf(intent)).toBe("cancelled");
    expectQuiet(visitor);
  });

  test("INV-28: shows a payload full of script as text, without running it", async () => {
    const intent = await held(SCRIPTS);
    await using visitor = await visit(browser, origin, { colorScheme: "dark" });
    const { page } = visitor;
    await page.goto(`${origin}/cases/${intent}`);
    await signIn(visitor);
    await page.waitForURL(`${origin}/cases/${intent}`);
    const shown = await page.locator("pre").textContent();
    expect(shown).toContain(`<script>console.log("ran")</script>\n</pre><img`);
    expect(shown).toContain('"amount": "100[U+202E]000[U+202C]", "to": "ac[U+200B]me"');
    expect(await page.locator("main img, main svg, main iframe, main style, main link, pre *").count()).toBe(
      0,
    );
    await look(visitor, "scripts-dark");
    expectQuiet(visitor);
  });

  test("INV-27: decides by a link at once where the policy allows that, and then no more", async () => {
    const intent = await held("note: called back", "crm.note");
    const link = await linkTo(intent, "ana");
    await using visitor = await visit(browser, origin, { viewport: { width: 390, height: 800 } });
    const { page } = visitor;
    await page.goto(`${origin}/case?link=${link}`);
    expect(await page.locator("body").textContent()).not.toContain("called back");
    await look(visitor, "link-phone");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("The decision made with this link is recorded").waitFor();
    expect(await stateOf(intent)).toBe("approved");
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await look(visitor, "link-used-phone");
    // The page with the link's answer is a 410, which the console notes.
    expect(visitor.messages.filter((line) => !line.includes("410"))).toEqual([]);
    expect(visitor.strayed).toEqual([]);
  });

  test("INV-27: leads from a link through signing in to the whole case, and deciding uses the link up", async () => {
    const intent = await held("the whole of it");
    const link = await linkTo(intent, "ana");
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/case?link=${link}`);
    await look(visitor, "link");
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await page.getByRole("link", { name: /Sign in/ }).click();
    await signIn(visitor);
    await page.waitForURL(`${origin}/case?link=${link}`);
    await page.locator("pre", { hasText: "the whole of it" }).waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.waitForURL(`${origin}/cases/${intent}`);
    expect(await stateOf(intent)).toBe("approved");
    expect((await gate.call("GET", `/v1/approval-links/${link}`)).status).toBe(410);
    expectQuiet(visitor);
  });

  test("INV-28: keeps a person signed in who follows a link on another site", async () => {
    const intent = await held("from the mail");
    const address = `${origin}/cases/${intent}`;
    const mail = createServer((_, answer) => {
      answer.setHeader("Content-Type", "text/html");
      answer.end(`<link rel="icon" href="data:,"><a href="${address}">Open the case</a>`);
    });
    await new Promise<void>((resolve) => mail.listen(0, "localhost", resolve));
    const listening = mail.address();
    if (listening === null || typeof listening === "string") throw new Error("no port");
    try {
      await using visitor = await visit(browser, origin);
      const { page } = visitor;
      await page.goto(`${origin}/cases`);
      await signIn(visitor);
      await page.waitForURL(`${origin}/cases`);
      // Another site to the browser, though it is the same machine.
      await page.goto(`http://localhost:${listening.port}/`);
      await page.getByRole("link", { name: "Open the case" }).click();
      await page.locator("pre", { hasText: "from the mail" }).waitFor();
      expect(page.url()).toBe(address);
      expect(visitor.messages).toEqual([]);
    } finally {
      mail.close();
    }
  });

  test("INV-28: decides nothing by another site's form, for any signed-in person", async () => {
    const intent = await held("left alone");
    const { body } = await gate.call("GET", `/v1/intents/${intent}`, gate.adminKey);
    const form = `<link rel="icon" href="data:,"><form method="post" action="${origin}/cases/${intent}/approve">
      <input name="digest" value="${text(body, "intent_digest")}"><button>Win a prize</button></form>`;
    const evil = createServer((_, answer) => {
      answer.setHeader("Content-Type", "text/html");
      answer.end(form);
    });
    await new Promise<void>((resolve) => evil.listen(0, "localhost", resolve));
    const listening = evil.address();
    if (listening === null || typeof listening === "string") throw new Error("no port");
    try {
      await using visitor = await visit(browser, origin);
      const { page } = visitor;
      await page.goto(`${origin}/cases`);
      await signIn(visitor);
      await page.waitForURL(`${origin}/cases`);
      await page.goto(`http://localhost:${listening.port}/`);
      await Promise.all([
        page.waitForResponse((response) => response.url().endsWith("/approve") && response.status() === 403),
        page.getByRole("button", { name: "Win a prize" }).click(),
      ]);
      expect(await stateOf(intent)).toBe("pending_approval");
    } finally {
      evil.close();
    }
  });
});
