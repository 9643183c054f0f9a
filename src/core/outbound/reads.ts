import { canonicalPath } from "./path.ts";

/** One line of a destination's `reads`. */
export interface ReadRule {
  readonly method: string;
  /** Ends in `*` for everything below. */
  readonly path: string;
}

export interface ReadCandidate {
  /** As it was sent: methods are compared with their case (RFC 9110 section 9.1). */
  readonly method: string;
  /** Canonical, as `targetOf` gives it. */
  readonly path: string;
  /** As `targetOf` gives it. */
  readonly query: string;
  readonly hasBody: boolean;
}

/** RFC 9110 section 9.3: a body of these has no meaning, and a server that gives it one does more than reading. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Safe by their definition (RFC 4918, 3253, 5323, the QUERY draft), and what searches are sent by. */
const WITH_BODY: ReadonlySet<string> = new Set(["PROPFIND", "REPORT", "SEARCH", "QUERY", "POST"]);

export const READ_METHODS: readonly string[] = [...WITHOUT_BODY, ...WITH_BODY];

/** Is it a method by which something can be read? By no other does `isRead` ever let anything pass. */
export function isReadMethod(method: string): boolean {
  return WITHOUT_BODY.has(method) || WITH_BODY.has(method);
}

/** Parameters that frameworks and Salesforce take the method from. */
const METHOD_IN_QUERY = /[?&;](?:(?:_|x-)(?:http)?|http)[-_]?method(?:[-_]?override)?(?:=|&|;|$)/i;

/**
 * Is it one of the requests that the operator said only read? Only those pass without an intent, so in doubt it is a
 * write: another case of a letter, a method nobody reads by, a body where there is none to be.
 */
export function isRead(request: ReadCandidate, reads: readonly ReadRule[]): boolean {
  const { method, path, query, hasBody } = request;
  const isKnown = WITHOUT_BODY.has(method) ? !hasBody : WITH_BODY.has(method);
  if (!isKnown || METHOD_IN_QUERY.test(unescapedNames(query))) return false;
  return reads.some((rule) => isOf(rule.method, method) && leadsTo(rule.path, path));
}

/** Names of parameters may be escaped; what they say doesn't matter here. */
function unescapedNames(query: string): string {
  return query.replaceAll(/%([2-7][\dA-Fa-f])/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

/** RFC 9110 section 9.3.2: HEAD is GET without the content. */
function isOf(listed: string, method: string): boolean {
  return listed === method || (listed === "GET" && method === "HEAD");
}

function leadsTo(listed: string, path: string): boolean {
  const isOpen = listed.endsWith("*");
  const canonical = canonicalPath(isOpen ? listed.slice(0, -1) : listed);
  // A line that nobody could ask for lets nothing through.
  if (!canonical.ok) return false;
  return isOpen ? path.startsWith(canonical.value) : path === canonical.value;
}
