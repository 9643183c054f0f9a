import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { run, temporaryFolder } from "../support/command.ts";
test("the demo plays seven scenes as expected, exits with 0 and leaves no files", async () => {
  using temporary = temporaryFolder();
  // A key of the caller's must not get into the demo.
  const { code, out, err } = await run(["demo"], {
    env: { TMPDIR: temporary.path, XDG_CONFIG_HOME: temporary.path, GATE_ADMIN_KEY: "x", GATE_API_KEY: "x" },
  });
  expect(err).toBe("");
  expect(out).toContain("All 7 as expected");
  expect(code).toBe(0);
  for (const title of [
    "Duplicate AI calls",
    "Broken email template",
    "CRM overwrite",
    "CRM bulk update",
    "Finance payout batch",
    "Routine support reply",
    "Risky support reply",
  ]) {
    expect(out).toContain(title);
  }
  expect(out).toContain("proposed → policy_checked → approved → execution_requested → execution_succeeded");
  expect(out).toContain("Try next:");
  expect(readdirSync(temporary.path)).toEqual([]);
});
