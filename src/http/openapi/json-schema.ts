import { z } from "zod";
import { ANSWERS } from "./components.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Draft 2020-12, which is the dialect of OpenAPI 3.1. */
const DIALECT = {
  target: "draft-2020-12",
  // What goes over the wire: a transform's input, and a default as what may be left out.
  io: "input",
  unrepresentable: "any",
  override: ({ jsonSchema }: { readonly jsonSchema: JsonSchema }) => simplify(jsonSchema),
} as const;

const REGISTRY = registryOf(ANSWERS);

const REF = (id: string) => `#/components/schemas/${id}`;

function registryOf(schemas: Readonly<Record<string, z.ZodType>>) {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  return registry;
}

/** Every named schema, with references to the others. */
export function namedSchemas(): Readonly<Record<string, JsonSchema>> {
  const { schemas } = z.toJSONSchema(REGISTRY, { ...DIALECT, uri: REF });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIdentity(schema)]));
}

/** A schema as a part of the document: a reference where it is named. */
export function schemaOf(schema: z.ZodType): JsonSchema {
  const id = REGISTRY.get(schema)?.id;
  if (id !== undefined) return { $ref: REF(id) };
  // Beside the named ones, so that it refers to them.
  const probe = registryOf(ANSWERS).add(schema, { id: PROBE });
  const found = z.toJSONSchema(probe, { ...DIALECT, uri: REF }).schemas[PROBE];
  if (found === undefined) throw new Error("invariant: a registered schema is among the results");
  return withoutIdentity(found);
}

const PROBE = "probe";

function withoutIdentity(schema: JsonSchema): JsonSchema {
  const { $schema: _, $id: __, ...rest } = schema;
  return rest;
}

function simplify(schema: JsonSchema): void {
  // The pattern of a time is three hundred characters long and says what the format says.
  if (schema.format === "date-time" || schema.format === "date") delete schema.pattern;
  // Every whole number has these bounds.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}
