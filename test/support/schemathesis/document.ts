import { readFileSync } from "node:fs";
import type { Role } from "../gate.ts";

type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}

interface Operation {
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Ids of records that exist, by the beginning of the paths that name them. */
export type KnownIds = Readonly<Record<string, readonly string[]>>;

/**
 * The statuses that the document's `default` stands for: named one by one, so that another one is found. 404 is what a
 * path with a strange character gets.
 */
const ANYWHERE = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429];

const PROBLEM = { $ref: "#/components/responses/Problem" };

/**
 * What one role may call of the document, and with ids that exist: a random text names nothing, and leads nowhere but to
 * 404.
 *
 * @param withPublic true: what needs no key as well
 * @returns its JSON text
 */
export function documentFor(role: Role, ids: KnownIds, withPublic: boolean): string {
  const document = JSON.parse(
    readFileSync(new URL("../../../schemas/openapi.json", import.meta.url), "utf8"),
  ) as Document;
  const paths = Object.entries(document.paths).map(([path, methods]) => {
    const known = Object.entries(ids).find(([prefix]) => path.startsWith(prefix))?.[1] ?? [];
    const open = Object.entries(methods).filter(([, operation]) => isOpenTo(operation, role, withPublic));
    return [
      path,
      Object.fromEntries(open.map(([method, operation]) => [method, prepared(operation, known)])),
    ] as const;
  });
  // A wait may take a minute, in which nothing else is tried.
  const some = paths.filter(([path, methods]) => Object.keys(methods).length > 0 && !path.endsWith("/wait"));
  return JSON.stringify({ ...document, paths: Object.fromEntries(some) });
}

function isOpenTo({ security, tags }: Operation, role: Role, withPublic: boolean): boolean {
  // The proxy's answers are an upstream's, and here is none.
  if (tags.includes("Proxy")) return false;
  const roles = security.flatMap(({ key = [] }) => key);
  return roles.length === 0 ? withPublic : roles.includes(role);
}

function prepared(operation: Operation, known: readonly string[]): Operation {
  const { parameters = [], responses, tags } = operation;
  const statuses = Object.fromEntries(ANYWHERE.map((status) => [status, PROBLEM]));
  const { default: rest, ...own } = responses;
  return {
    ...operation,
    // A cursor that nobody was given is refused.
    parameters: parameters.filter(({ name }) => name !== "after").map((each) => preferred(each, known)),
    responses: tags.includes("Pages") ? { ...own, default: rest } : { ...statuses, ...own },
  };
}

function preferred(parameter: Parameter, known: readonly string[]): Parameter {
  if (parameter.in !== "path" || known.length === 0) return parameter;
  return { ...parameter, schema: { anyOf: [{ enum: known }, { type: "string", minLength: 1 }] } };
}
