import { readFileSync } from "node:fs";
import { inRoot, type Packed } from "./npm.ts";

/** What an image of an agent may carry for the client, most of it types and the verification of evidence. */
const MAX_CLIENT_BYTES = 340_000;

/** Files without which the server, the command or their documents don't work. */
const NEEDED = [
  "dist/cli.js",
  "dist/command.js",
  "dist/worker/index.js",
  "dist/database/plugin.js",
  "dist/database/object.js",
  "dist/database/client.js",
  "dist/sdk/gate.js",
  "dist/sdk/gate.d.ts",
  "dist/sdk/verify.js",
  "dist/sdk/verify.d.ts",
  "dist/sdk/propose.js",
  "wrangler.toml",
  "gate.yaml",
  "schemas/gate.schema.json",
  "examples/propose.mjs",
  "test/verify_bundle.py",
  "docs/README.md",
  "llms.txt",
];

/** Both packages have what they need, and nothing of the checkout besides. */
export function checkContents(server: Packed, client: Packed): string {
  const missing = [...NEEDED, ...documentsNamed()].filter((path) => !server.paths.includes(path));
  if (missing.length > 0) throw new Error(`zehrava-gate lacks ${missing.join(", ")}`);
  const stray = server.paths.filter((path) => /^(?:src|cli|node_modules|\.)/.test(path));
  if (stray.length > 0) throw new Error(`zehrava-gate has ${stray.join(", ")}`);
  const size = client.unpackedBytes;
  if (size > MAX_CLIENT_BYTES) {
    throw new Error(`zehrava-gate-client has ${size} bytes of ${MAX_CLIENT_BYTES}`);
  }
  return `zehrava-gate has ${server.paths.length} files with its documents, zehrava-gate-client ${size} bytes`;
}

/** The pages that messages of the built command and Worker point to. */
function documentsNamed(): readonly string[] {
  const built = ["dist/command.js", "dist/worker/index.js"].map((path) => readFileSync(inRoot(path), "utf8"));
  return [...new Set(built.flatMap((text) => text.match(/\bdocs\/[\w-]+\.md/g) ?? []))];
}
