import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { LEDGER } from "../../../cli/ledger/command.ts";
import { runSubcommand } from "../../../cli/subcommands.ts";
import vectors from "../../vectors/evidence/outcomes.json" with { type: "json" };
import { temporaryFolder } from "../../support/command.ts";

/* One table of outcomes and exit codes for every verifier of bundles: test/vectors/evidence/outcomes.json. */

const PYTHON_VERIFIER = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));

describe.each(vectors.cases)("INV-18: $name", ({ bundle, vkeys, outcome, exit }) => {
  test("is the same to the command and to the Python verifier, and has the same exit code", async (context) => {
    using folder = temporaryFolder();
    const file = join(folder.path, "bundle.json");
    writeFileSync(file, bundle);
    let out = "";
    const io = { out: (text: string) => void (out += text), err: (text: string) => void (out += text) };
    const pinned = vkeys.flatMap((vkey) => ["--key", vkey]);
    const isBundle = bundle.startsWith('{"');
    if (isBundle) {
      expect(await runSubcommand(LEDGER, ["verify", file, "--json", ...pinned], io), out).toBe(exit);
      expect((JSON.parse(out) as { readonly outcome: string }).outcome).toBe(outcome);
    }
    const python = spawnSync("python3", ["-B", PYTHON_VERIFIER, file, ...vkeys], { encoding: "utf8" });
    if (python.error !== undefined) context.skip("python3 is missing");
    expect([python.status, python.stdout.trim().split("\n").at(-1)]).toEqual([exit, outcome.toUpperCase()]);
  });
});

test("a file that can't be read is exit code 2 to both verifiers, and docs/ledger.md has the table", async () => {
  const io = { out: () => undefined, err: () => undefined };
  expect(await runSubcommand(LEDGER, ["verify", "/nonexistent/bundle.json"], io).catch(() => 2)).toBe(2);
  const python = spawnSync("python3", ["-B", PYTHON_VERIFIER, "/nonexistent/bundle.json"]);
  if (python.error === undefined) expect(python.status).toBe(2);
  const page = readFileSync(new URL("../../../docs/ledger.md", import.meta.url), "utf8");
  for (const word of ["PROVEN", "INCOMPLETE", "BROKEN"]) expect(page).toContain(`| ${word} |`);
});
