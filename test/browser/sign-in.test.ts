import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { type Gate, startGate } from "../support/gate.ts";
import { CLIENT, type Provider, SECRET, startProvider } from "../support/oidc.ts";
import { hasBrowser, startBrowser, visit } from "../support/browser.ts";

/*
 * Behaviour of the browser itself: which cookies and which Origin it sends when it comes from another site. `localhost`
 * and `127.0.0.1` are two sites to it.
 */

let rules: ReturnType<typeof temporaryFolder>;
let provider: Provider;
let gate: Gate;
let browser: Browser;
let origin: string;

describe.skipIf(!hasBrowser)("signing in with a browser", () => {
  beforeAll(async () => {
    rules = temporaryFolder();
    provider = await startProvider("localhost");
    const registry = join(rules.path, "gate.yaml");
    writeFileSync(
      registry,
      `people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
credentials: { sso: { ref: env://OIDC_CLIENT_SECRET } }
sign_in:
  oidc:
    - { name: Acme staff, issuer: "${provider.url}", audience: ${CLIENT}, client_secret: sso, allow_private: true }
`,
    );
    const args = ["--registry", registry, "--local-sign-in"];
    [gate, browser] = await Promise.all([
      startGate({ args, env: { OIDC_CLIENT_SECRET: SECRET } }),
      startBrowser(),
    ]);
    origin = `http://127.0.0.1:${gate.port}`;
    provider.pages.set("/mail", `<a href="${origin}/sign-in?next=/cases">The case</a>`);
    provider.pages.set(
      "/evil",
      `<form method="post" action="${origin}/sign-out"><button>Win</button></form>`,
    );
  });

  afterAll(async () => {
    await browser?.close();
    await gate?.[Symbol.asyncDispose]();
    await provider?.[Symbol.asyncDispose]();
    rules?.[Symbol.dispose]();
  });

  const whoIs = (page: Page) => page.locator(".who span").innerText();

  test("through a provider arrives with a session, in spite of the strict cookie", async () => {
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/sign-in?next=/cases`);
    await page.getByRole("link", { name: "Acme staff" }).click();
    await page.getByRole("button", { name: "Yes, it is me" }).click();
    await page.waitForURL(`${origin}/cases`);
    expect(await whoIs(page)).toBe("ana reviewer");

    // A link opened from webmail: SameSite keeps the cookie back, and the person is signed in all the same.
    await page.goto(`${provider.url}/mail`);
    await page.getByRole("link", { name: "The case" }).click();
    await page.waitForURL(`${origin}/cases`);
    expect(await whoIs(page)).toBe("ana reviewer");
  });

  test("INV-28: can't be done or undone by another site's form", async () => {
    await using visitor = await visit(browser, origin);
    const { page } = visitor;
    await page.goto(`${origin}/sign-in?next=/cases`);
    await page.getByRole("button", { name: "Ana Diaz" }).click();
    await page.waitForURL(`${origin}/cases`);
    await page.goto(`${provider.url}/evil`);
    const [answer] = await Promise.all([
      page.waitForResponse(`${origin}/sign-out`),
      page.getByRole("button", { name: "Win" }).click(),
    ]);
    expect(answer.status()).toBe(403);
    await page.goto(`${origin}/cases`);
    expect(await whoIs(page)).toBe("ana reviewer");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${origin}/sign-in`);
    await page.goto(`${origin}/cases`);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });

  test("with a wrong key shows an error on a page that keeps its own content policy", async () => {
    await using visitor = await visit(browser, origin);
    const { page, messages } = visitor;
    await page.goto(`${origin}/sign-in`);
    expect(messages).toEqual([]);
    await page.getByLabel("A reviewer's, auditor's or admin's key").fill("gate_rk_of-nobody");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").innerText()).toBe("This key is not known here.");
    expect(await page.context().cookies()).toEqual([]);
    expect(messages.filter((line) => !line.includes("401"))).toEqual([]);
  });
});
