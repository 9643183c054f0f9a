/**
 * `node scripts/check-deploy.ts [wrangler.toml]` refuses a deployment that still has the shipped name: orders and
 * checkpoints carry it, verifiers pin it, and it can't be changed afterwards without breaking them.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";

const PLACEHOLDER = /(?:^|\.)example(?:\.(?:com|net|org))?$/i;

const path = process.argv[2] ?? fileURLToPath(new URL("../wrangler.toml", import.meta.url));
const { vars } = parse(readFileSync(path, "utf8")) as { readonly vars?: Readonly<Record<string, unknown>> };
const origin = vars?.["GATE_ORIGIN"];

if (typeof origin !== "string" || origin === "" || PLACEHOLDER.test(origin)) {
  const shown = typeof origin === "string" && origin !== "" ? `is "${origin}"` : "is not set";
  process.stderr.write(
    `GATE_ORIGIN ${shown} in wrangler.toml: before the first deploy choose a name of your own, such as gate.yourcompany.com. Orders and checkpoints carry it, and verifiers pin it\n`,
  );
  process.exitCode = 1;
}
