import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crossCheck } from "../src/config/cross-checks.ts";
import type { PolicyFile, RegistryFile } from "../src/config/cross-checks.ts";
import { parseRegistry } from "../src/config/registry/parse.ts";
import { parsePolicy } from "../src/config/policy/parse.ts";
import type { PolicyProblem } from "../src/config/yaml/source.ts";

/*
 * Bundles policies/, gate.yaml and schemas/openapi.json into the Worker. An error in a policy or in gate.yaml stops the
 * build, so that an invalid file is never deployed.
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const POLICY_DIR = join(ROOT, "policies");
const REGISTRY = join(ROOT, "gate.yaml");
const DOCUMENT = join(ROOT, "schemas", "openapi.json");
const GENERATED = join(ROOT, ".generated");

interface Bundle {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly registry: string | null;
}

function main(): number {
  const problems: PolicyProblem[] = [];
  const files: PolicyFile[] = [];
  const names = existsSync(POLICY_DIR) ? readdirSync(POLICY_DIR).filter((name) => /\.ya?ml$/.test(name)) : [];
  for (const name of names.toSorted()) {
    const text = readFileSync(join(POLICY_DIR, name), "utf8");
    const parsed = parsePolicy(name, text);
    if (!parsed.ok) problems.push(...parsed.error);
    else if (files.some(({ policy }) => policy.id === parsed.value.id)) {
      problems.push({ file: name, line: 1, column: 1, message: `a second file for ${parsed.value.id}` });
    } else files.push({ file: name, text, policy: parsed.value });
  }
  const registry = readRegistry(problems);
  // Cross-checks only valid files: a policy with errors would be reported as unknown.
  if (problems.length === 0) problems.push(...crossCheck(files, registry));
  if (problems.length > 0) {
    for (const { file, line, column, message } of problems) {
      console.error(`${relative(process.cwd(), placeOf(file))}:${line}:${column}: ${message}`);
    }
    return 1;
  }
  write(
    "bundled.ts",
    bundleCode({
      policies: files.map(({ policy: { id }, text }) => ({ id, text })),
      registry: registry?.text ?? null,
    }),
  );
  write("openapi.ts", documentCode());
  return 0;
}

function readRegistry(problems: PolicyProblem[]): RegistryFile | null {
  if (!existsSync(REGISTRY)) return null;
  const file = basename(REGISTRY);
  const text = readFileSync(REGISTRY, "utf8");
  const parsed = parseRegistry(file, text);
  if (parsed.ok) return { file, text, registry: parsed.value };
  problems.push(...parsed.error);
  return null;
}

function placeOf(file: string): string {
  return file === basename(REGISTRY) ? REGISTRY : join(POLICY_DIR, file);
}

function bundleCode(bundle: Bundle): string {
  return `// Generated from policies/ and gate.yaml.
export const BUNDLED: {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly registry: string | null;
} = ${JSON.stringify(bundle, null, 2)};
`;
}

/** As one text: an object literal of this size would be parsed at every start, and hardly any isolate serves it. */
function documentCode(): string {
  const text = existsSync(DOCUMENT) ? JSON.stringify(JSON.parse(readFileSync(DOCUMENT, "utf8"))) : "{}";
  const etag = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  return `// Generated from schemas/openapi.json.
export const OPENAPI_ETAG = '"${etag}"';
export const OPENAPI_TEXT = ${JSON.stringify(text)};
`;
}

/** Writes only changes: a watcher that rebuilds on every write would loop. */
function write(name: string, code: string): void {
  const file = join(GENERATED, name);
  if (existsSync(file) && readFileSync(file, "utf8") === code) return;
  mkdirSync(GENERATED, { recursive: true });
  writeFileSync(file, code);
}

process.exitCode = main();
