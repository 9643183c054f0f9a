import { z } from "zod";
import type { RequestSchema } from "../api/shared/request-schema.ts";
import { schemaOf, type JsonSchema } from "./json-schema.ts";
import type { Operation, RequestContent } from "./operation.ts";
import { REQUESTS, type DescribedRequest } from "./request-fields.ts";

type Properties = Record<string, JsonSchema>;

/** The schemas of request bodies, by their names in the document. */
export function requestComponents(
  operations: readonly Operation[],
  registered: readonly RequestSchema[],
): Readonly<Record<string, JsonSchema>> {
  const components: Record<string, JsonSchema> = {
    BatchVote: componentOf(registeredAs(BATCH_VOTE, registered)),
  };
  for (const { request } of operations) {
    const name = request === undefined ? null : nameOf(request);
    if (request !== undefined && name !== null) components[name] = bodyOf(request, registered);
  }
  return components;
}

/** The schema of a body as a part of the document: a reference where it is named. */
export function requestBody(request: RequestContent, registered: readonly RequestSchema[]): JsonSchema {
  const name = nameOf(request);
  return name === null ? bodyOf(request, registered) : { $ref: `#/components/schemas/${name}` };
}

/** What the list of votes is of. */
const BATCH_VOTE = "POST /v1/approvals/batch: a decision";

function nameOf({ name, parsed = [], more }: RequestContent): string | null {
  const [only, second] = parsed;
  if (name !== undefined) return name;
  return only !== undefined && second === undefined && more === undefined
    ? describedAs(only).component
    : null;
}

function registeredAs(name: string, registered: readonly RequestSchema[]): RequestSchema {
  const request = registered.find((each) => each.name === name);
  if (request === undefined) throw new Error(`no request is registered as ${name}`);
  return request;
}

function describedAs(name: string): DescribedRequest {
  const described = REQUESTS[name];
  if (described === undefined) throw new Error(`src/http/openapi/request-fields.ts lacks ${name}`);
  return described;
}

/** Merged of what several readers take from the body. */
function bodyOf(
  { parsed = [], more, required = [] }: RequestContent,
  registered: readonly RequestSchema[],
): JsonSchema {
  const requests = parsed.map((name) => registeredAs(name, registered));
  const parts = [...requests.map(componentOf), ...(more === undefined ? [] : [schemaOf(more)])];
  const needed = new Set([...parts.flatMap((part) => part.required ?? []), ...required]);
  const isClosed = parts.length > 0 && parts.every((part) => part.additionalProperties === false);
  return {
    type: "object",
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})),
    ...(needed.size > 0 && { required: [...needed] }),
    ...(isClosed && { additionalProperties: false }),
  };
}

function componentOf({ name, schema, aliases, others }: RequestSchema): JsonSchema {
  const { fields, schemas = {} } = describedAs(name);
  const component = schemaOf(schema);
  const properties = { ...component.properties } as Properties;
  for (const [field, replaced] of Object.entries(schemas)) {
    properties[field] = isNullable(schema.shape[field]) ? nullable(replaced) : { ...replaced };
  }
  for (const [path, sentence] of Object.entries(fields)) {
    const member = memberAt(properties, path.split("."));
    if (member === null) throw new Error(`${name} has no member ${path}`);
    member["description"] = sentence + aliasText(aliases[path] ?? []);
  }
  const undescribed = Object.keys(properties).filter((field) => !(field in fields));
  if (undescribed.length > 0) throw new Error(`${name} lacks descriptions: ${undescribed.join(", ")}`);
  return { ...component, properties, ...(others === "refused" && { additionalProperties: false }) };
}

function isNullable(field: unknown): boolean {
  if (field instanceof z.ZodOptional) return isNullable(field.unwrap());
  return field instanceof z.ZodNullable;
}

function nullable(schema: Readonly<Record<string, unknown>>): JsonSchema {
  const { type, anyOf } = schema;
  return (Array.isArray(anyOf)
    ? { ...schema, anyOf: [...anyOf, { type: "null" }] }
    : { ...schema, type: [...(Array.isArray(type) ? type : [type]), "null"] }) as unknown as JsonSchema;
}

function aliasText(spellings: readonly string[]): string {
  if (spellings.length === 0) return "";
  const list = spellings.map((spelling) => `\`${spelling}\``).join(", ");
  return ` ${spellings.length === 1 ? "Alias" : "Aliases"} ${list}.`;
}

/** A member, in an object, a list of objects, or the branch of a union that is one. */
function memberAt(properties: Properties, [name = "", ...rest]: readonly string[]): JsonSchema | null {
  const member = properties[name];
  if (member === undefined) return null;
  if (rest.length === 0) return member;
  const branches = [member, ...((member.anyOf ?? []) as JsonSchema[]), (member.items ?? {}) as JsonSchema];
  const inner = branches.find((branch) => branch.properties !== undefined);
  return inner === undefined ? null : memberAt(inner.properties as Properties, rest);
}
