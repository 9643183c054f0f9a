import { readFileSync } from "node:fs";
import type { Exchange } from "./exchanges.ts";
import { validatorOf, type Components } from "./validator.ts";

type Schema = Readonly<Record<string, unknown>>;

interface Response {
  readonly $ref?: string;
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, Response>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Components & { readonly responses: Readonly<Record<string, Response>> };
}

/** The result of comparing one response with the document. */
export interface Conformance {
  /** What the document does not say; empty: nothing. */
  readonly problems: readonly string[];
  /** What it shows to be true: `getIntent 200`, `anywhere too_many_requests`. */
  readonly shown: readonly string[];
}

const DOCUMENT = JSON.parse(
  readFileSync(new URL("../../../schemas/openapi.json", import.meta.url), "utf8"),
) as Document;

const compile = validatorOf(DOCUMENT.components);

/** Templates with the fewest variables first: `/v1/agents/register` is no `/v1/agents/{id}`. */
const ROUTES = Object.entries(DOCUMENT.paths)
  .map(([template, methods]) => ({
    methods,
    variables: template.split("{").length,
    // The proxy's path is whatever follows.
    pattern: new RegExp(
      `^${template.replace("/{prefix}/{path}", "/[^/]+/.*").replaceAll(/\{\w+\}/g, "[^/]+")}$`,
    ),
  }))
  .toSorted((one, other) => one.variables - other.variables);

const ANYWHERE = codesIn(DOCUMENT.components.responses["Anywhere"]);

function codesIn(response: Response | undefined): ReadonlySet<string> {
  return new Set([...(response?.description ?? "").matchAll(/`(\w+)`/g)].map(([, code = ""]) => code));
}

function operationOf({ method, path }: Exchange): Operation | null {
  const { pathname } = new URL(`http://gate.test${path}`);
  const verb = method === "HEAD" ? "get" : method.toLowerCase();
  return (
    ROUTES.find(({ methods, pattern }) => verb in methods && pattern.test(pathname))?.methods[verb] ?? null
  );
}

/** Every `operation status` of the document, and every code that any call can meet. */
export function documentedPairs(): readonly string[] {
  const operations = Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods));
  const pairs = operations.flatMap(({ operationId, responses }) =>
    Object.keys(responses)
      .filter((status) => status !== "default")
      .map((status) => `${operationId} ${status}`),
  );
  return [...pairs, ...[...ANYWHERE].map((code) => `anywhere ${code}`)];
}

const NOTHING: Conformance = { problems: [], shown: [] };

const only = (problem: string): Conformance => ({ problems: [problem], shown: [] });

export function conformance(exchange: Exchange): Conformance {
  const { method, type, json } = exchange;
  if (method === "OPTIONS") return NOTHING;
  const operation = operationOf(exchange);
  const mediaType = type.split(";")[0]?.trim() ?? "";
  const isOurProblem = json?.includes('"urn:zehrava-gate:problem:') === true;
  if (operation?.tags.includes("Proxy") === true) return proxied(exchange, operation, isOurProblem);
  if (isOurProblem) return problemConformance(exchange, operation, json ?? "");
  if (operation === null) return only(`no operation, and no problem: ${exchange.status} ${type}`);
  return replyConformance(exchange, operation, mediaType);
}

/** An upstream answers what it likes. */
function proxied(exchange: Exchange, operation: Operation, isOurProblem: boolean): Conformance {
  const { status, json } = exchange;
  if (isOurProblem) {
    const { code } = JSON.parse(json ?? "") as { readonly code: string };
    const problems = mistakes(`a problem ${code}`, { $ref: "#/components/schemas/Problem" }, json ?? "");
    return { problems, shown: ANYWHERE.has(code) ? [`anywhere ${code}`] : [] };
  }
  const isPending = status === 202 && json?.includes('"retryAfterSeconds"') === true;
  return isPending ? replyConformance(exchange, operation, "application/json") : NOTHING;
}

function replyConformance(
  { method, status, json }: Exchange,
  { operationId, responses, tags }: Operation,
  mediaType: string,
): Conformance {
  const response = responses[status];
  const shown = `${operationId} ${status}`;
  if (response === undefined) {
    // Pages say what is wrong in HTML.
    const isPage = tags.includes("Pages") && status >= 400 && mediaType === "text/html";
    return isPage ? NOTHING : only(`${operationId} documents no ${status}`);
  }
  if (method === "HEAD" || mediaType === "") return { problems: [], shown: [shown] };
  const content = response.content?.[mediaType];
  if (content === undefined) return only(`${shown} documents no ${mediaType}`);
  return { problems: json === null ? [] : mistakes(shown, content.schema, json), shown: [shown] };
}

function problemConformance(
  { status, method }: Exchange,
  operation: Operation | null,
  json: string,
): Conformance {
  const { code } = JSON.parse(json) as { readonly code: string };
  const invalid = mistakes(`a problem ${code}`, { $ref: "#/components/schemas/Problem" }, json);
  const documented = operation?.responses[status];
  const pair = operation === null ? "" : `${operation.operationId} ${status}`;
  if (ANYWHERE.has(code)) {
    const isNamed = codesIn(documented).has(code);
    return { problems: invalid, shown: [`anywhere ${code}`, ...(isNamed ? [pair] : [])] };
  }
  if (operation === null) {
    const isUnknownPath = status === 404 && code === "not_found";
    return isUnknownPath
      ? { problems: invalid, shown: [] }
      : only(`${method}: no operation, and ${status} ${code}`);
  }
  const isDocumented = codesIn(documented).has(code);
  return {
    problems: isDocumented ? invalid : [`${pair} documents no ${code}`, ...invalid],
    shown: isDocumented ? [pair] : [],
  };
}

function mistakes(of: string, schema: Schema, json: string): readonly string[] {
  const validate = compile(schema);
  if (validate(JSON.parse(json))) return [];
  const found = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`,
  );
  return [`${of}: ${found.join("; ")}`];
}
