/**
 * Writes `schemas/`: JSON Schemas for gate.yaml, policies and their test cases, for editors, of the loader's zod schemas
 * and the field tables in docs/; and the OpenAPI document, of the doors' zod schemas.
 *
 *     node scripts/generate-schemas.ts           writes changed files
 *     node scripts/generate-schemas.ts --check   fails for stale files
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { openApiText } from "./schemas/openapi.ts";
import { shippedSchemas } from "./schemas/shipped.ts";

const FOLDER = new URL("../schemas/", import.meta.url);

function main(isCheck: boolean): number {
  const wanted = [...shippedSchemas(), ["openapi.json", openApiText()] as const];
  const stale = wanted.filter(([file, text]) => textOf(file) !== text);
  if (isCheck) {
    for (const [file] of stale) console.error(`schemas/${file} is stale: run npm run schemas`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const [file, text] of stale) writeFileSync(new URL(file, FOLDER), text);
  return 0;
}

function textOf(file: string): string | null {
  const path = new URL(file, FOLDER);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

process.exitCode = main(process.argv.includes("--check"));
