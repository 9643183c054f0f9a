import { array, assert, constantFrom, nat, oneof, property, record, string } from "fast-check";
import type { Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { z } from "zod";
import { CASE_FILE } from "../../../cli/policy/cases.ts";
import { POLICY_FILE } from "../../../src/config/policy/schema.ts";
import { REGISTRY_FILE } from "../../../src/config/registry/schema.ts";
import { duration } from "../../../src/config/yaml/schema-types.ts";
import { editorWith } from "../../support/editor.ts";
import type { SchemaName } from "../../support/editor.ts";
import { loaderAccepts, VALID_FIXTURES } from "../../support/rule-fixtures.ts";
import { volume } from "../../support/volume.ts";

/* Valid files with a few random changes: editor and loader agree wherever a schema can express the check. */

const CHANGED_FILES = volume("CHANGED_FILES", { quick: 200, chaos: 2_000 });

const FILES: Readonly<Record<SchemaName, z.ZodType>> = {
  gate: REGISTRY_FILE,
  policy: POLICY_FILE,
  "policy-cases": CASE_FILE,
};

const SCALARS = [null, true, false, 0, -1, 1, 0.5, 21, 241, 1e13, Number.NaN, Number.POSITIVE_INFINITY];
const TEXTS =
  `x|X|a b|always|none|0m|400d|366d|1h|*|a.*|é|😀|https://api.example.com|http://x|api.example.com|/v1/x|/x//y
/x/*|{secret}|a,b|env://A|env://GATE_SECRET|op://a/b/c|vault://kv/x|`.split(/[|\n]/);
const LONG_TEXTS = [101, 2_001].map((length) => "x".repeat(length));
const COLLECTIONS = [[], {}, ["x"], [1], { x: 1 }, { path: "x" }, { method: "token" }];
const VALUES: readonly unknown[] = [...SCALARS, ...TEXTS, ...LONG_TEXTS, ...COLLECTIONS];

type Change =
  | { readonly kind: "delete" | "add" | "repeat"; readonly at: number }
  | { readonly kind: "replace" | "swap"; readonly at: number; readonly value: number }
  | { readonly kind: "spell"; readonly at: number; readonly character: string; readonly position: number };

const changes: Arbitrary<readonly Change[]> = array(
  oneof(
    record({ kind: constantFrom("delete" as const, "add" as const, "repeat" as const), at: nat() }),
    record({ kind: constantFrom("replace" as const, "swap" as const), at: nat(), value: nat() }),
    record({
      kind: constantFrom("spell" as const),
      at: nat(),
      character: string({ unit: "grapheme-ascii", minLength: 0, maxLength: 1 }),
      position: nat(),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Every member of every mapping and list, in order. */
function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, unknown>;
  return Object.keys(parent).flatMap((key) => [{ parent, key }, ...placesIn(parent[key])]);
}

function changed(value: unknown, change: Change): void {
  const places = placesIn(value);
  const place = places[change.at % places.length];
  if (place === undefined) return;
  const { parent, key } = place;
  switch (change.kind) {
    case "delete":
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return;
    case "add":
      if (Array.isArray(parent)) parent.push("x");
      else parent["colour"] = "red";
      return;
    case "repeat":
      if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
      else parent[`${key}s`] = structuredClone(parent[key]);
      return;
    case "replace":
      parent[key] = structuredClone(VALUES[change.value % VALUES.length]);
      return;
    case "swap": {
      const other = places[change.value % places.length];
      parent[key] = structuredClone(other?.parent[other.key]);
      return;
    }
    case "spell": {
      const text = parent[key];
      if (typeof text !== "string") return;
      const position = change.position % (text.length + 1);
      parent[key] = text.slice(0, position) + change.character + text.slice(position + 1);
    }
  }
}

/** Whether zod found a fault of one value's form, and not by a check in code. */
function isStructural(issue: z.core.$ZodIssue): boolean {
  switch (issue.code) {
    case "custom":
      return false;
    case "invalid_union":
      // Each alternative has to be refused for its form.
      return issue.errors.every((issues) => issues.some(isStructural));
    case "invalid_key":
    case "invalid_element":
      return issue.issues.some(isStructural);
    default:
      return true;
  }
}

describe.each(["gate", "policy", "policy-cases"] as const)("of a changed %s file", (schema) => {
  const editor = editorWith(schema);
  // Vectors are alike, and there are many of them.
  const bases = VALID_FIXTURES.filter(
    (fixture) => fixture.schema === schema && !fixture.name.startsWith("vector"),
  ).map(({ text }) => parse(text) as unknown);

  test("an editor refuses nothing that the loader accepts, and all that is wrong in form", () => {
    let refused = 0;
    const mutated = record({ base: nat(bases.length - 1), changes });
    assert(
      property(mutated, ({ base, changes: wanted }) => {
        const value = structuredClone(bases[base]);
        for (const change of wanted) changed(value, change);
        const isRefused = !editor.acceptsValue(value);
        if (isRefused) {
          refused += 1;
          expect(loaderAccepts({ schema, text: stringify(value) })).toBe(false);
        }
        const parsed = FILES[schema].safeParse(value);
        if (!parsed.success && parsed.error.issues.some(isStructural)) expect(isRefused).toBe(true);
      }),
      { numRuns: CHANGED_FILES },
    );
    expect(refused).toBeGreaterThan(CHANGED_FILES / 4);
  });
});

test.each(["s", "m", "h", "d"])("of spans of time in %s, editor and loader accept the same", (unit) => {
  const editor = editorWith("policy");
  const accepts = (written: string) =>
    editor.acceptsValue({ id: "x", destinations: ["a.b"], block_duplicates_within: written });
  const most = { s: 31_622_400, m: 527_040, h: 8_784, d: 366 }[unit] ?? 0;
  const near = [0, 1, most].flatMap((middle) => [-11, -10, -1, 0, 1, 9, 10, 100].map((by) => middle + by));
  const numbers = [...near, ...Array.from({ length: 1_000 }, (_, n) => n * 1_001)].filter((n) => n >= 0);
  for (const written of numbers.flatMap((n) => [`${n}${unit}`, `0${n}${unit}`, `000${n}${unit}`])) {
    expect([written, accepts(written)]).toEqual([written, duration.safeParse(written).success]);
  }
});
