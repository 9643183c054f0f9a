import { readdirSync, readFileSync } from "node:fs";
import { readCases } from "../../cli/policy/cases.ts";
import { parsePolicy } from "../../src/config/policy/parse.ts";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import { INVALID_ACCOUNTS, INVALID_SIGN_IN } from "./account-files.ts";
import { INVALID_CHANNELS, KNOWN, VALID_CHANNELS } from "./channel-files.ts";
import { INVALID_CREDENTIALS, MISPLACED_SECRETS, VALID_VAULTS, VAULTS } from "./credential-files.ts";
import type { SchemaName } from "./editor.ts";
import { inFile, VALID_OAUTH2 } from "./oauth2-files.ts";
import { INVALID, INVALID_DESTINATIONS } from "./invalid-policies.ts";
import { FULL as FULL_POLICY } from "./policy-file.ts";
import { CONTRADICTIONS, FULL as FULL_REGISTRY, INVALID_REGISTRIES } from "./registry-files.ts";
import { SHIPPED_BLOCKS, withBlocks } from "./shipped-registry.ts";
import { INVALID_SENDING, REST, UP, VALID_INJECTIONS } from "./sending-files.ts";
import type { VectorFile } from "./policy-vectors.ts";

/* Every file of rules that a test has: valid ones, and ones with a mistake. */

export interface RuleFixture {
  /** Unique. */
  readonly name: string;
  readonly schema: SchemaName;
  readonly text: string;
}

export function loaderAccepts({ schema, text }: Pick<RuleFixture, "schema" | "text">): boolean {
  switch (schema) {
    case "gate":
      return parseRegistry("gate.yaml", text).ok;
    case "policy-cases":
      return readCases("cases.yaml", text).ok;
    case "policy":
      // That the id is the file's name is checked for files, which these texts are not.
      return parsePolicy(`${/^id: (\S+)$/m.exec(text)?.[1] ?? "x"}.yaml`, text).ok;
  }
}

const ROOT = new URL("../../", import.meta.url);

function filesIn(folder: string, schema: SchemaName): readonly RuleFixture[] {
  return readdirSync(new URL(folder, ROOT))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({
      name: `${folder}${file}`,
      schema,
      text: readFileSync(new URL(`${folder}${file}`, ROOT), "utf8"),
    }));
}

function vectors(): readonly RuleFixture[] {
  return ["shipped", "generated"].flatMap((name) => {
    const url = new URL(`test/vectors/policies/${name}.json`, ROOT);
    const sets = JSON.parse(readFileSync(url, "utf8")) as readonly VectorFile[];
    return sets.flatMap(({ policies, registry }, index): RuleFixture[] => [
      ...Object.entries(policies).map(([id, text]): RuleFixture => {
        return { name: `vector ${name} ${index} ${id}`, schema: "policy", text };
      }),
      ...(registry === null
        ? []
        : [{ name: `vector ${name} ${index}`, schema: "gate" as const, text: registry }]),
    ]);
  });
}

const named = (schema: SchemaName, table: string, entries: readonly (readonly [string, string])[]) =>
  entries.map(([name, text]): RuleFixture => ({ name: `${table}: ${name}`, schema, text }));

const entryOf = (written: string) => `destinations: { a.b: ${written} }${REST}`;

export const VALID_FIXTURES: readonly RuleFixture[] = [
  ...filesIn("./", "gate").filter(({ name }) => name === "./gate.yaml"),
  ...named("gate", "gate.yaml", [["with its ready-made entries", withBlocks(SHIPPED_BLOCKS)]]),
  ...filesIn("policies/", "policy"),
  ...filesIn("policies/tests/", "policy-cases"),
  ...filesIn("test/vectors/data-0.1/policies/", "policy"),
  ...filesIn("test/vectors/data-0.1/", "gate"),
  ...vectors(),
  ...named("policy", "policy", [["every field", FULL_POLICY]]),
  ...named(
    "policy",
    "policy between files",
    CONTRADICTIONS.map(([name, policy]) => [name, policy]),
  ),
  ...named(
    "gate",
    "registry between files",
    CONTRADICTIONS.map(([name, , registry]) => [name, registry]),
  ),
  ...named("gate", "registry", [["every key of a destination", FULL_REGISTRY]]),
  ...named("gate", "vaults", [["one of each type", VAULTS]]),
  ...named(
    "gate",
    "vault",
    VALID_VAULTS.map(([written]) => [written, `vaults: { v: ${written} }`]),
  ),
  ...named(
    "gate",
    "oauth2",
    VALID_OAUTH2.map(([written]) => [written, inFile(written)]),
  ),
  ...named(
    "gate",
    "channel",
    VALID_CHANNELS.map(([written]) => [written, `${KNOWN}channels: { c: ${written} }\n`]),
  ),
  ...named(
    "gate",
    "injection",
    VALID_INJECTIONS.map(([written]) => [
      written,
      entryOf(`{ ${[UP, "credential: key", written].filter((part) => part !== "").join(", ")} }`),
    ]),
  ),
];

export const INVALID_FIXTURES: readonly RuleFixture[] = [
  ...named(
    "policy",
    "policy",
    INVALID.map(([name, rules]) => [name, `id: x\ndestinations: [crm.import]\n${rules}\n`]),
  ),
  ...named(
    "policy",
    "destinations",
    INVALID_DESTINATIONS.map(([written]) => [written, `id: x\ndestinations: ${written}\n`]),
  ),
  ...named(
    "gate",
    "registry",
    INVALID_REGISTRIES.map(([name, text]) => [name, text]),
  ),
  ...named(
    "gate",
    "channel",
    INVALID_CHANNELS.map(([name, text]) => [name, KNOWN + text]),
  ),
  ...named(
    "gate",
    "sign-in",
    INVALID_SIGN_IN.map(([name, text]) => [name, KNOWN + text]),
  ),
  ...named(
    "gate",
    "account",
    INVALID_ACCOUNTS.map(([name, text]) => [name, text]),
  ),
  ...named(
    "gate",
    "credential",
    INVALID_CREDENTIALS.map(([name, text]) => [name, text]),
  ),
  ...named(
    "gate",
    "secret",
    MISPLACED_SECRETS.map((text) => [text, text]),
  ),
  ...named(
    "gate",
    "sending",
    INVALID_SENDING.map(([name, entries]) => [name, `destinations: { ${entries} }${REST}`]),
  ),
];
