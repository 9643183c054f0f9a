import { comment, nameOf, type Schema, typeText } from "./type-text.ts";

interface Parameter {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Content>>;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const JSON_TYPE = "application/json";

/** Types of every route that answers with JSON, and of the schemas that they name. */
export function sdkTypes(document: Document): string {
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => routeText(method, path, operation)),
  );
  const body = `export interface Routes {\n${routes.join("")}}\n`;
  const { schemas } = document.components;
  const named = namedIn(body, schemas);
  const declared = [...named].toSorted().map((name) => {
    const schema = schemas[name] ?? {};
    return `${comment(schema, "")}export type ${name} = ${typeText(schema)};\n`;
  });
  return [
    "// Made of schemas/openapi.json by scripts/generate-sdk-types.ts. Do not edit.\n",
    "/** Every route that answers with JSON, by method and path. */",
    body,
    ...declared,
  ].join("\n");
}

function routeText(method: string, path: string, operation: Operation): readonly string[] {
  const answers = Object.entries(operation.responses).flatMap(([status, { content }]) => {
    const schema = status.startsWith("2") ? content?.[JSON_TYPE]?.schema : undefined;
    return schema === undefined ? [] : [typeText(schema, "    ")];
  });
  if (answers.length === 0) return [];
  const members = [
    ...parametersText(operation.parameters ?? [], "path"),
    ...parametersText(operation.parameters ?? [], "query"),
    ...bodyText(operation.requestBody),
    `    readonly answer: ${[...new Set(answers)].join(" | ")};\n`,
  ];
  const summary = operation.summary === undefined ? "" : `  /** ${operation.summary}. */\n`;
  return [`${summary}  readonly "${method.toUpperCase()} ${path}": {\n${members.join("")}  };\n`];
}

function parametersText(parameters: readonly Parameter[], place: "path" | "query"): readonly string[] {
  const own = parameters.filter((parameter) => parameter.in === place);
  if (own.length === 0) return [];
  const isOptional = own.every(({ required }) => required !== true);
  const members = own.map(({ name = "", required, schema, description }) => {
    const text = comment({ ...(description !== undefined && { description }) }, "      ");
    return `${text}      readonly ${name}${required === true ? "" : "?"}: ${typeText(schema ?? {}, "      ")};\n`;
  });
  return [`    readonly ${place}${isOptional ? "?" : ""}: {\n${members.join("")}    };\n`];
}

function bodyText(body: Operation["requestBody"]): readonly string[] {
  const schema = body?.content?.[JSON_TYPE]?.schema;
  if (schema === undefined) return [];
  return [`    readonly body${body?.required === true ? "" : "?"}: ${typeText(schema, "    ")};\n`];
}

/** The schemas that a text names, and those that they name. */
function namedIn(text: string, schemas: Document["components"]["schemas"]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (written: string) => {
    for (const [name] of written.matchAll(/\b[A-Z]\w+\b/g)) {
      if (found.has(name) || !Object.hasOwn(schemas, name)) continue;
      found.add(name);
      for (const reference of referencesIn(schemas[name])) add(nameOf(reference));
    }
  };
  add(text.replaceAll(/\/\*\*.*?\*\//g, ""));
  return found;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === "$ref" && typeof member === "string" ? [member] : referencesIn(member),
  );
}
