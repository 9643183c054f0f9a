import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** A JSON value as `$ref`s in it are read. */
type Schema = Readonly<Record<string, unknown>>;

/** The part of an OpenAPI document that schemas refer to. */
export interface Components {
  readonly schemas: Readonly<Record<string, Schema>>;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/**
 * Compiles schemas of a document, for what Gate sends: an object has no member that its schema does not name. Records,
 * whose keys are ids, have a schema for all members.
 */
export function validatorOf({ schemas }: Components): (schema: Schema) => ValidateFunction {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    allErrors: false,
    formats: { "date-time": ISO, date: /^\d{4}-\d\d-\d\d$/ },
  });
  ajv.addSchema({ $id: "openapi.json", $defs: closed(schemas) });
  const compiled = new Map<string, ValidateFunction>();
  return (schema) => {
    const key = JSON.stringify(schema);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const made = ajv.compile(closed(schema) as Schema);
    compiled.set(key, made);
    return made;
  };
}

/** The same schema with every object closed, and its references as the validator resolves them. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const members = Object.entries(schema).map(([name, value]) => {
    const isReference = name === "$ref" && typeof value === "string";
    return [
      name,
      isReference ? value.replace("#/components/schemas/", "openapi.json#/$defs/") : closed(value),
    ];
  });
  const isObject =
    "properties" in schema && typeof schema.properties === "object" && !("additionalProperties" in schema);
  return { ...Object.fromEntries(members), ...(isObject && { additionalProperties: false }) };
}
