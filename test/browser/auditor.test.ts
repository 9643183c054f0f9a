import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, startBrowser, visit } from "../support/browser.ts";
import type { Principal } from "../support/client.ts";
import { startScene, type PagesScene } from "../support/pages-scene.ts";

/*
 * The auditor's five questions: which agent ran this, did anyone review it, is it the first run or the fifth, how many
 * records changed, where is the audit trail. Answered from the pages alone.
 */

const MAX_CLICKS = 3;

let scene: PagesScene;
let browser: Browser;
let auditor: Principal;

describe.skipIf(!hasBrowser)("an auditor in a browser", () => {
  beforeAll(async () => {
    [scene, browser] = await Promise.all([startScene(), startBrowser()]);
    auditor = await scene.gate.register("auditor", { name: "grace" });
  });

  afterAll(async () => {
    await browser?.close();
    await scene?.[Symbol.asyncDispose]();
  });

  /** Signed in, on the inbox, with a count of clicks from there. */
  async function arrive(page: Page) {
    await page.goto(`${scene.origin}/sign-in?next=/cases`);
    await page.getByLabel(/key/i).fill(auditor.key);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(`${scene.origin}/cases`);
    let clicks = 0;
    return {
      count: () => clicks,
      async click(role: "link" | "button", name: string | RegExp) {
        clicks += 1;
        await page.getByRole(role, { name }).first().click();
      },
    };
  }

  async function expectAnswers(page: Page): Promise<void> {
    const text = await page.locator("main").innerText();
    // Which agent ran this?
    expect(text).toContain("lead-importer wanted to import 120 records into salesforce.import.");
    // Did anyone review it?
    expect(text).toMatch(/Decided by Ben Okafor/);
    expect(text).toContain("Looks right.");
    // Is this the first run or the fifth?
    expect(text).toMatch(/Of its kind\s+5th\s+earlier: 4 carried out/);
    // How many records changed?
    expect(text).toMatch(/"updated": 120/);
    // Where is the audit trail?
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download the evidence" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^int_.*\.evidence\.json$/);
  }

  test("gets the five answers from an id within three clicks", async () => {
    await using visitor = await visit(browser, scene.origin);
    const { page } = visitor;
    const clicks = await arrive(page);
    await clicks.click("link", "Decided");
    await page.getByLabel(/^Id, agent/).fill(scene.fifth);
    await clicks.click("button", "Search");
    await clicks.click("link", /^Import 120 records/);
    expect(clicks.count()).toBeLessThanOrEqual(MAX_CLICKS);
    await expectAnswers(page);
    expect(visitor.messages).toEqual([]);
  });

  test("gets the five answers from “something changed in Salesforce on Tuesday” within three clicks", async () => {
    await using visitor = await visit(browser, scene.origin, { viewport: { width: 390, height: 844 } });
    const { page } = visitor;
    const clicks = await arrive(page);
    await clicks.click("link", "Decided");
    await page.getByLabel(/^Id, agent/).fill("Salesforce");
    await page.getByLabel(/^Day/).fill(new Date().toISOString().slice(0, 10));
    await clicks.click("button", "Search");
    await clicks.click("link", /^Import 120 records/);
    expect(clicks.count()).toBeLessThanOrEqual(MAX_CLICKS);
    await expectAnswers(page);
    expect(visitor.strayed).toEqual([]);
  });
});
