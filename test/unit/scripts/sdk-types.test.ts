import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Document, sdkTypes } from "../../../scripts/sdk-types/routes-text.ts";
import { ROOT } from "../../support/command.ts";
import { typeText, type Schema } from "../../../scripts/sdk-types/type-text.ts";

test.each<[Schema, string]>([
  [{}, "unknown"],
  [{ type: "integer", minimum: 0 } as Schema, "number"],
  [{ type: ["string", "null"] }, "string | null"],
  [{ enum: ["a", 1, null] }, '"a" | 1 | null'],
  [{ const: true }, "true"],
  [{ type: "array", items: { type: ["string", "null"] } }, "readonly (string | null)[]"],
  [{ type: "array", items: { type: "array", items: { type: "string" } } }, "readonly (readonly string[])[]"],
  [{ type: "array", prefixItems: [{ type: "string" }, { type: "integer" }] }, "readonly [string, number]"],
  [{ type: "object", additionalProperties: { type: "string" } }, "Readonly<Record<string, string>>"],
  [{ type: "object" }, "Readonly<Record<string, unknown>>"],
  [
    { allOf: [{ $ref: "#/components/schemas/A" }, { anyOf: [{ type: "string" }, { type: "null" }] }] },
    "A & (string | null)",
  ],
  [
    {
      type: "object",
      properties: { a: { type: "string", description: "A */ b." }, "b-c": {} },
      required: ["a"],
    },
    '{\n  /** A *\\/ b. */\n  readonly a: string;\n  readonly "b-c"?: unknown;\n}',
  ],
])("the schema %j is the type %s", (schema, text) => {
  expect(typeText(schema)).toBe(text);
});

test("a reference out of the document is an error, not a type", () => {
  expect(() => typeText({ $ref: "https://evil.test/schema" })).toThrow("not a schema of the document");
});

const DOCUMENT = join(ROOT, "schemas", "openapi.json");

test.runIf(existsSync(DOCUMENT))("the client's types are those of the API's document", () => {
  const document = JSON.parse(readFileSync(DOCUMENT, "utf8")) as Document;
  const written = readFileSync(join(ROOT, "sdk", "typescript", "generated", "routes.ts"), "utf8");
  // Else: node scripts/generate-sdk-types.ts
  expect(written === sdkTypes(document)).toBe(true);
});

test("routes that answer with JSON are typed, with the schemas they name and no others", () => {
  const json = (name: string) => ({
    content: { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } },
  });
  const text = sdkTypes({
    paths: {
      "/v1/things/{id}": {
        get: {
          summary: "Read a thing",
          parameters: [
            { name: "id", in: "path", required: true, schema: { type: "string" } },
            { name: "full", in: "query", schema: { type: "boolean" } },
            { $ref: "#/components/parameters/IdempotencyKey" },
          ],
          responses: { "200": json("Thing"), "404": json("Problem") },
        },
        post: { requestBody: { required: true, ...json("Change") }, responses: { "201": json("Thing") } },
        delete: { responses: { "204": {} } },
      },
    },
    components: {
      schemas: {
        Thing: {
          type: "object",
          properties: { part: { $ref: "#/components/schemas/Part" } },
          required: ["part"],
        },
        Part: { type: "string" },
        Change: { type: "string" },
        Problem: { type: "string" },
      },
    },
  });
  expect(text).toContain(
    '"GET /v1/things/{id}": {\n    readonly path: {\n      readonly id: string;\n    };\n    readonly query?: {\n      readonly full?: boolean;',
  );
  expect(text).toContain(
    '"POST /v1/things/{id}": {\n    readonly body: Change;\n    readonly answer: Thing;',
  );
  expect(text).not.toContain("DELETE");
  expect([...text.matchAll(/^export type (\w+)/gm)].map(([, name]) => name)).toEqual([
    "Change",
    "Part",
    "Thing",
  ]);
});
