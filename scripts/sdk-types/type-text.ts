/** JSON Schema as OpenAPI 3.1 has it, as far as Gate's document goes. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly description?: string;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/** @throws {Error} for what is no reference to a schema of the document */
export function nameOf(reference: string): string {
  const name = /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1];
  if (name === undefined) throw new Error(`not a schema of the document: ${reference}`);
  return name;
}

/** A schema as a TypeScript type. Numbers' bounds and texts' patterns are the server's to check. */
export function typeText(schema: Schema, indent = ""): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  const { anyOf, oneOf, allOf } = schema;
  if (allOf !== undefined) return allOf.map((part) => wrapped(typeText(part, indent))).join(" & ");
  const either = anyOf ?? oneOf;
  if (either !== undefined) return union(either.map((part) => typeText(part, indent)));
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length === 0 && schema.properties === undefined) return "unknown";
  return union(
    (types.length === 0 ? ["object"] : types).map(
      (type) => PRIMITIVES[type] ?? compound(schema, type, indent),
    ),
  );
}

function compound(schema: Schema, type: string, indent: string): string {
  if (type === "object") return objectText(schema, indent);
  if (type !== "array") throw new Error(`unknown type ${type}`);
  if (schema.prefixItems !== undefined) {
    return `readonly [${schema.prefixItems.map((item) => typeText(item, indent)).join(", ")}]`;
  }
  return `readonly ${wrapped(typeText(schema.items ?? {}, indent))}[]`;
}

function objectText(schema: Schema, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const deeper = `${indent}  `;
  const members = Object.entries(properties).map(([name, member]) => {
    const isNeeded = required.includes(name);
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const type = typeText(member, deeper);
    return `${comment(member, deeper)}${deeper}readonly ${key}${isNeeded ? "" : "?"}: ${type};\n`;
  });
  const others = additionalProperties ?? false;
  if (members.length === 0) {
    const value = typeof others === "object" ? typeText(others, indent) : "unknown";
    return `Readonly<Record<string, ${value}>>`;
  }
  return `{\n${members.join("")}${indent}}`;
}

export function comment({ description }: Schema, indent: string): string {
  return description === undefined ? "" : `${indent}/** ${description.replaceAll("*/", "*\\/")} */\n`;
}

function union(parts: readonly string[]): string {
  return [...new Set(parts)].join(" | ");
}

function wrapped(type: string): string {
  return type.includes(" | ") || type.startsWith("readonly ") ? `(${type})` : type;
}
