import { readFileSync } from "node:fs";
import type { z } from "zod";
import { CASE_FILE } from "../../cli/policy/cases.ts";
import { POLICY_FILE } from "../../src/config/policy/schema.ts";
import { REGISTRY_FILE } from "../../src/config/registry/schema.ts";
import { describeProperties } from "./describe.ts";
import { fieldDescriptions } from "./field-tables.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";

interface ShippedSchema {
  /** File name in `schemas/`. */
  readonly file: string;
  readonly title: string;
  readonly schema: z.ZodType;
  /** The document whose tables describe the fields. */
  readonly doc: string;
  /** Heading of tables → the schema path that their keys are relative to. */
  readonly tables: Readonly<Record<string, string>>;
  readonly inherited?: Readonly<Record<string, string>>;
}

const SHIPPED: readonly ShippedSchema[] = [
  {
    file: "policy.schema.json",
    title: "Gate policy",
    schema: POLICY_FILE,
    doc: "docs/policies.md",
    tables: { "## Fields": "" },
    inherited: { "environments.*.": "" },
  },
  {
    file: "policy-cases.schema.json",
    title: "Gate policy test cases",
    schema: CASE_FILE,
    doc: "docs/policies.md",
    tables: {
      "### Test cases": "",
      "### Fields of `given`": "cases[].given",
      "### Fields of `expect`": "cases[].expect",
    },
  },
  {
    file: "gate.schema.json",
    title: "Gate registry",
    schema: REGISTRY_FILE,
    doc: "docs/registry.md",
    tables: {
      "## Top level": "",
      "## People": "people.*",
      "## Credentials": "credentials.*",
      "### OAuth 2.0": "credentials.*.oauth2",
      "### Vaults": "vaults.*",
      "## Sign-in": "sign_in",
      "## Channels": "channels.*",
      "## Destinations": "destinations.*",
    },
  },
];

/** File name → text of each schema that the package ships. */
export function shippedSchemas(): ReadonlyMap<string, string> {
  return new Map(SHIPPED.map((shipped) => [shipped.file, `${JSON.stringify(build(shipped), null, 2)}\n`]));
}

function build({ file, title, schema, doc, tables, inherited }: ShippedSchema): JsonSchema {
  const markdown = readFileSync(new URL(`../../${doc}`, import.meta.url), "utf8");
  const { $schema, ...rest } = jsonSchemaOf(schema);
  const descriptions = fieldDescriptions(
    Object.entries(tables).map(([heading, at]) => ({ markdown, heading, at })),
  );
  describeProperties(rest, descriptions, inherited);
  // A URN, not a URL: editors must read the schema from the file and never fetch it.
  return {
    $schema,
    $id: `urn:zehrava-gate:${file.replace(".schema.json", "")}`,
    title,
    ...rest,
  } as JsonSchema;
}
