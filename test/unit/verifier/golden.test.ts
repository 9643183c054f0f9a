import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import golden from "../../vectors/checkpoint/evidence.json" with { type: "json" };
import { verdictOf } from "../../../verifier/finding.ts";
import type { TrustedKeys } from "../../../verifier/keys.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { verifyExport } from "../../../verifier/verify-export.ts";

/*
 * Evidence that was once handed out must verify for ever, so these files are never regenerated.
 */

const TRUSTED = golden.trusted as TrustedKeys;

test.each(golden.bundles)(
  "evidence written by an earlier version still verifies: $name",
  async ({ bundle }) => {
    const findings = await verifyBundle(JSON.stringify(bundle), TRUSTED, { origin: golden.origin });
    expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
    expect(verdictOf(findings)).toBe("proven");
  },
);

test("an export written by an earlier version still verifies", async () => {
  const report = await verifyExport(golden.export, TRUSTED, { origin: golden.origin });
  expect(report).toMatchObject({ broken: null, intents: golden.bundles.length });
});

test("the Python verifier runs as a command: file and key in, words and exit code out", (context) => {
  const script = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));
  const [first] = golden.bundles;
  const run = (bundle: unknown, ...keys: readonly string[]) =>
    spawnSync("python3", ["-B", script, "-", ...keys], {
      input: JSON.stringify(bundle),
      encoding: "utf8",
    });
  const good = run(first?.bundle, ...TRUSTED.vkeys);
  if (good.error !== undefined) context.skip("python3 is missing");
  expect(good.stderr).toBe("");
  expect(good.status).toBe(0);
  expect(good.stdout).toContain("holds      inclusion");
  const bad = run({ ...first?.bundle, intent: "int_x" }, ...TRUSTED.vkeys);
  expect(bad.status).toBe(1);
  expect(bad.stdout).toContain("fails      chain");
});
