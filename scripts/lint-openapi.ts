/**
 * Lints `schemas/openapi.json` by the rules in `redocly.yaml`, without network.
 *
 *     node scripts/lint-openapi.ts
 */
import { fileURLToPath } from "node:url";
import { formatProblems, getTotals, lint, loadConfig } from "@redocly/openapi-core";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const config = await loadConfig({ configPath: path("redocly.yaml") });
const problems = await lint({ ref: path("schemas/openapi.json"), config });
const totals = getTotals(problems);
formatProblems(problems, { format: "codeframe", totals, version: "", maxProblems: 50 });
process.exitCode = totals.errors + totals.warnings === 0 ? 0 : 1;
