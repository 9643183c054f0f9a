import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds on the page that keeps people out: one line for each kind, with the first place. */
export async function seriousProblems(page: Page): Promise<readonly string[]> {
  // Evaluated by the browser's own debugger, so that the page's policy against scripts stays as it is.
  await page.evaluate(SOURCE);
  const { violations, passes } = (await page.evaluate("axe.run()")) as {
    readonly violations: readonly Violation[];
    readonly passes: readonly unknown[];
  };
  // A page that was never there has no problems either.
  if (passes.length === 0) throw new Error("axe looked at nothing");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""} ${nodes[0]?.failureSummary ?? ""}`);
}
