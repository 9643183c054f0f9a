import type { RequestSchema } from "../api/shared/request-schema.ts";
import { namedSchemas, schemaOf, type JsonSchema } from "./json-schema.ts";
import { OPERATIONS } from "./operations.ts";
import { TAGS, type Operation } from "./operation.ts";
import { PATH_PARAMETERS } from "./path-parameters.ts";
import { requestBody, requestComponents } from "./request-schemas.ts";
import { responsesOf, SHARED_RESPONSES } from "./responses.ts";
import { SECURITY_SCHEMES, securityOf } from "./security.ts";

type Json = Readonly<Record<string, unknown>>;

/** A route's pattern as OpenAPI writes it: `/v1/intents/{id}`. */
export function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

/**
 * The whole document, OpenAPI 3.1. Made when schemas are generated and never in the Worker.
 *
 * @param registered the requests that the doors parse; they register them when they are loaded
 */
export function openApiDocument(registered: readonly RequestSchema[], version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const path = (paths[templateOf(operation.path)] ??= {});
    path[operation.method.toLowerCase()] = operationObject(operation, registered);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Gate",
      version,
      summary: "Write-path governance for AI agents.",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The deployment that serves this document." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: sorted({ ...namedSchemas(), ...requestComponents(OPERATIONS, registered) }),
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
      responses: SHARED_RESPONSES,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const DESCRIPTION =
  "Times are ISO 8601 in UTC. Field names of requests are accepted in camelCase and snake_case; the document shows one spelling. Errors are RFC 9457 problems with a stable `code`. docs/api.md explains, docs/errors.md lists the codes.";

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "A quoted text or a bare word: the same request under the same key gets the same response. Another request under it is 422, one in progress 409.",
  required: false,
  // A quoted text or a bare word (http/middleware/idempotency).
  schema: {
    type: "string",
    maxLength: 512,
    pattern: String.raw`^(?:"(?:[ !#-\[\]-~]|\\["\\])+"|[!#-+\-.0-:<-\[\]-~]+)$`,
  },
};

function operationObject(operation: Operation, registered: readonly RequestSchema[]): Json {
  const { id, tag, summary, description, access, request } = operation;
  const security = securityOf(access);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security,
    ...withParameters(operation),
    ...(request !== undefined && {
      requestBody: {
        ...(request.isRequired === true && { required: true }),
        content: { [request.type ?? "application/json"]: { schema: requestBody(request, registered) } },
      },
    }),
    responses: responsesOf(operation),
  };
}

function withParameters(operation: Operation): Json {
  const parameters = [
    ...pathParameters(operation),
    ...queryParameters(operation),
    ...headerParameters(operation),
  ];
  return parameters.length === 0 ? {} : { parameters };
}

function pathParameters({ path }: Operation): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    description: PATH_PARAMETERS[name],
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Operation): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query);
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, property]) => {
    const { description, ...schema } = property;
    return {
      name,
      in: "query",
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    };
  });
}

function headerParameters({ method, access, headers = {} }: Operation): readonly Json[] {
  const isKeyed = method === "POST" && (typeof access !== "string" || access === "execution_token");
  return [
    ...(isKeyed ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: "header",
      required: false,
      description,
      schema: { type: "string" },
    })),
  ];
}

function sorted(schemas: Readonly<Record<string, JsonSchema>>): Json {
  return Object.fromEntries(Object.entries(schemas).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
