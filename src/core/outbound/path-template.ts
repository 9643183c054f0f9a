import type { Json, JsonObject } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { canonicalPath, type PathProblem } from "./path.ts";

/*
 * A path and query with placeholders for members of a proposal: `/v1/charges/{payload.charge}/refunds`. A placeholder
 * is a whole segment or the whole value of a parameter, so that an agent's value can't add a segment or a parameter.
 */

/** Literal text, or a member of the payload or the metadata. */
type Part =
  | { readonly text: string }
  | {
      readonly from: "payload" | "metadata";
      readonly members: readonly string[];
      /** Digits only, where a word would name another operation (`/tickets/update_many`). */
      readonly isNumber: boolean;
    };

export interface PathTemplate {
  readonly segments: readonly Part[];
  readonly query: readonly (readonly [name: string, value: Part | null])[];
}

export type TemplateProblem =
  | PathProblem
  /** Braces that are neither a whole segment nor the whole value of a parameter. */
  | "place"
  /** Unknown placeholder: expected `payload.<path>` or `metadata.<path>`, optionally `:number`. */
  | "source"
  /** A character that the query may not contain. */
  | "query"
  /** Not in canonical form. */
  | "spelling";

const PLACEHOLDER = /^\{([^{}]*)\}$/;
const SOURCE = /^(payload|metadata)((?:\.[A-Za-z0-9_-]{1,100}){1,10})(:number)?$/;

/** RFC 3986 section 3.4, without `;`, which some servers read as a separator, and characters that `fetch` escapes. */
const QUERY_TEXT = /^(?:[A-Za-z0-9\-._~!$()*+,:@/?[\]]|%[\dA-F]{2})*$/;

export function parsePathTemplate(written: string): Result<PathTemplate, TemplateProblem> {
  if (!written.startsWith("/")) return err("relative");
  const at = written.indexOf("?");
  const path = at < 0 ? written : written.slice(0, at);
  const segments = allOk(path.slice(1).split("/").map(partOf));
  if (!segments.ok) return segments;
  const parameters = at < 0 ? [] : written.slice(at + 1).split("&");
  const query = allOk(parameters.map(parameterOf));
  if (!query.ok) return query;
  const plain = canonicalPath(pathOf(segments.value.map((part) => ("text" in part ? part.text : "x"))));
  if (!plain.ok) return plain;
  const isCanonical = plain.value.split("/").every((segment, index) => {
    const part = segments.value[index - 1];
    return part === undefined || !("text" in part) || part.text === segment;
  });
  return isCanonical ? ok({ segments: segments.value, query: query.value }) : err("spelling");
}

function allOk<T, E>(results: readonly Result<T, E>[]): Result<readonly T[], E> {
  const values: T[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}

function pathOf(segments: readonly string[]): string {
  return `/${segments.join("/")}`;
}

function partOf(written: string): Result<Part, TemplateProblem> {
  if (!/[{}]/.test(written)) return ok({ text: written });
  const inside = PLACEHOLDER.exec(written)?.[1];
  if (inside === undefined) return err("place");
  const [, from, members = "", number] = SOURCE.exec(inside) ?? [];
  if (from !== "payload" && from !== "metadata") return err("source");
  return ok({ from, members: members.slice(1).split("."), isNumber: number !== undefined });
}

function parameterOf(written: string): Result<readonly [string, Part | null], TemplateProblem> {
  const at = written.indexOf("=");
  const name = at < 0 ? written : written.slice(0, at);
  if (/[{}]/.test(name)) return err("place");
  if (name === "" || !QUERY_TEXT.test(name)) return err("query");
  if (at < 0) return ok([name, null]);
  const value = partOf(written.slice(at + 1));
  if (!value.ok) return value;
  return "text" in value.value && !QUERY_TEXT.test(value.value.text) ? err("query") : ok([name, value.value]);
}

/** Does a placeholder read the payload? */
export function readsPayload({ segments, query }: PathTemplate): boolean {
  return [...segments, ...query.map(([, value]) => value)].some(
    (part) => part !== null && "from" in part && part.from === "payload",
  );
}

/** Enough for an id, a name or a slug; longer texts do not belong in a URL. */
const MAX_VALUE_CHARS = 200;

/**
 * Fills the placeholders. Null where a member is missing, empty, longer than `MAX_VALUE_CHARS`, neither text nor a safe
 * integer, or not a number where `:number` requires one. The caller checks the resulting path (dot segments, hidden
 * slashes) with `canonicalPath`.
 */
export function fillTemplate(template: PathTemplate, payload: Json, metadata: JsonObject): string | null {
  const written = (part: Part) => {
    if ("text" in part) return part.text;
    const value = memberOf(part.from === "payload" ? payload : metadata, part.members);
    const text = escaped(value);
    return part.isNumber && !/^\d+$/.test(text ?? "") ? null : text;
  };
  const segments = template.segments.map(written);
  const query = template.query.map(([name, value]) => {
    if (value === null) return name;
    const text = written(value);
    return text === null ? null : `${name}=${text}`;
  });
  if (segments.includes(null) || query.includes(null)) return null;
  return `/${segments.join("/")}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}

function memberOf(root: Json, members: readonly string[]): Json | undefined {
  let found: Json | undefined = root;
  for (const member of members) {
    if (typeof found !== "object" || found === null || Array.isArray(found)) return undefined;
    // Own members only: `constructor` is on every object.
    found = Object.hasOwn(found, member) ? (found as JsonObject)[member] : undefined;
  }
  return found;
}

/** Every reserved character of RFC 3986 is escaped, also those that `encodeURIComponent` leaves. */
function escaped(value: Json | undefined): string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value !== "string" || value === "" || value.length > MAX_VALUE_CHARS) return null;
  if (!value.isWellFormed() || /\p{Cc}/u.test(value)) return null;
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
