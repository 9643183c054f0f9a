/**
 * Writes the client's types of every route, `sdk/typescript/generated/routes.ts`, from `schemas/openapi.json`.
 *
 *     node scripts/generate-sdk-types.ts           writes the file
 *     node scripts/generate-sdk-types.ts --check   fails where it is stale
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { sdkTypes, type Document } from "./sdk-types/routes-text.ts";

const DOCUMENT = new URL("../schemas/openapi.json", import.meta.url);
const FILE = new URL("../sdk/typescript/generated/routes.ts", import.meta.url);

function main(isCheck: boolean): number {
  if (!existsSync(DOCUMENT)) {
    console.error("schemas/openapi.json is missing: there is nothing to make the client's types of");
    return 1;
  }
  const text = sdkTypes(JSON.parse(readFileSync(DOCUMENT, "utf8")) as Document);
  const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : null;
  if (before === text) return 0;
  if (isCheck) {
    console.error("sdk/typescript/generated/routes.ts is stale: run node scripts/generate-sdk-types.ts");
    return 1;
  }
  mkdirSync(new URL(".", FILE), { recursive: true });
  writeFileSync(FILE, text);
  return 0;
}

process.exitCode = main(process.argv.includes("--check"));
