import { schemaOf } from "./json-schema.ts";
import { ANYWHERE, EVERY_ROLE, type Operation, type Reply } from "./operation.ts";

type Json = Readonly<Record<string, unknown>>;

const PROBLEM_CONTENT = {
  "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
} as const;

const PROBLEM = { description: "A problem (RFC 9457).", content: PROBLEM_CONTENT };

const ANYWHERE_PROBLEM = {
  description: `What any call can meet: ${ANYWHERE.map((code) => `\`${code}\``).join(", ")}.`,
  headers: {
    "Retry-After": { description: "Seconds to wait, of 429 and 503.", schema: { type: "integer" } },
  },
  content: PROBLEM_CONTENT,
};

const PROBLEM_PAGE = {
  description: "A page that says what is wrong.",
  content: { "text/html": { schema: { type: "string" } }, ...PROBLEM_CONTENT },
};

const UPSTREAM = {
  description:
    "The upstream's own response, with its status, headers and body; or a problem of Gate's, which docs/reverse-proxy.md describes.",
  content: { "*/*": {}, ...PROBLEM_CONTENT },
};

/** The responses that operations refer to. */
export const SHARED_RESPONSES = {
  Problem: PROBLEM,
  Anywhere: ANYWHERE_PROBLEM,
  ProblemPage: PROBLEM_PAGE,
  Upstream: UPSTREAM,
};

/** The responses of one operation, by status. */
export function responsesOf(operation: Operation): Json {
  const responses: Record<string, unknown> = {};
  const problems = problemsOf(operation);
  for (const [status, codes] of Object.entries(problems)) {
    responses[status] = { $ref: "#/components/responses/Problem", description: listed(codes) };
  }
  for (const [status, reply] of Object.entries(operation.replies)) {
    const codes = problems[status] ?? [];
    const description =
      codes.length === 0 ? reply.description : `${reply.description} Or a problem: ${listed(codes)}.`;
    responses[status] = replyObject({ ...reply, description }, Number(status) < 400 ? {} : PROBLEM_CONTENT);
  }
  responses["default"] = { $ref: `#/components/responses/${defaultOf(operation)}` };
  return responses;
}

function listed(codes: readonly string[]): string {
  return codes.map((code) => `\`${code}\``).join(", ");
}

function defaultOf({ tag }: Operation): string {
  if (tag === "Pages") return "ProblemPage";
  return tag === "Proxy" ? "Upstream" : "Anywhere";
}

/** With those that follow from who may call. */
function problemsOf({ access, problems = {} }: Operation): Readonly<Record<string, readonly string[]>> {
  if (typeof access === "string") return problems;
  const isForSome = EVERY_ROLE.some((role) => !access.includes(role));
  return {
    ...problems,
    401: ["unauthorized", ...(problems[401] ?? [])],
    ...(isForSome && { 403: [...new Set(["forbidden", ...(problems[403] ?? [])])] }),
  };
}

function replyObject({ description, content, headers }: Reply, beside: Json): Json {
  const bodies = Object.entries(content).map(([type, schema]) => [
    type,
    { schema: schema === null ? bytes(type) : schemaOf(schema) },
  ]);
  const all = { ...Object.fromEntries(bodies), ...beside };
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, about]) => [
          name,
          { description: about, schema: { type: "string" } },
        ]),
      ),
    }),
    ...(Object.keys(all).length > 0 && { content: all }),
  };
}

function bytes(type: string): Json {
  return type === "application/octet-stream" ? {} : { type: "string" };
}
