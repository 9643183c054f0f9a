import { isOperationsPath, queryChoosesOperation } from "./operation-names.ts";
import { canonicalPath } from "./path.ts";

/** One line of a destination's `reads`. */
export interface ReadRule {
  readonly method: string;
  /** A trailing `*` matches everything below. */
  readonly path: string;
}

export interface ReadCandidate {
  /** As sent: methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string;
  /** Canonical, as `targetOf` returns it. */
  readonly path: string;
  /** As `targetOf` returns it. */
  readonly query: string;
  readonly hasBody: boolean;
}

/** RFC 9110 section 9.3: a body of these has no meaning; a server that gives it one may write. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Safe by definition (RFC 4918, 3253, 5323, the QUERY draft), and POST, which many APIs use for searches. */
const WITH_BODY: ReadonlySet<string> = new Set(["PROPFIND", "REPORT", "SEARCH", "QUERY", "POST"]);

export const READ_METHODS: readonly string[] = [...WITHOUT_BODY, ...WITH_BODY];

/** Can a listed read use this method? `isRead` never passes any other. */
export function isReadMethod(method: string): boolean {
  return WITHOUT_BODY.has(method) || WITH_BODY.has(method);
}

/**
 * Is the request a listed read? Only those pass without an intent, so every doubt makes it a write: a different case,
 * a method that is not a read's, an unexpected body, an operation chosen in the query or behind a batch's path.
 */
export function isRead(request: ReadCandidate, reads: readonly ReadRule[]): boolean {
  const { method, path, query, hasBody } = request;
  const isKnown = WITHOUT_BODY.has(method) ? !hasBody : WITH_BODY.has(method);
  if (!isKnown || isOperationsPath(path, method) || queryChoosesOperation(path, query)) return false;
  return reads.some((rule) => methodMatches(rule.method, method) && pathMatches(rule.path, path));
}

/** RFC 9110 section 9.3.2: HEAD is GET without the content. */
function methodMatches(listed: string, method: string): boolean {
  return listed === method || (listed === "GET" && method === "HEAD");
}

function pathMatches(listed: string, path: string): boolean {
  const isPrefix = listed.endsWith("*");
  const canonical = canonicalPath(isPrefix ? listed.slice(0, -1) : listed);
  // A rule without canonical form matches no request.
  if (!canonical.ok) return false;
  return isPrefix ? path.startsWith(canonical.value) : path === canonical.value;
}
