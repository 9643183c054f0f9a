/** Name and value, as `Headers` gives them. */
export type Header = readonly [name: string, value: string];

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 section 5.5: CR, LF or another control character can end a header for the next parser (injection). */
const FORBIDDEN_IN_VALUE = /[^\t\P{Cc}]/u;

export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

export function isHeaderValue(value: string): boolean {
  return !FORBIDDEN_IN_VALUE.test(value);
}

/**
 * RFC 9110 section 7.6.1: headers for one connection, which a proxy must not forward; `Connection` lists more. The last
 * four are obsolete or not standard, but are hop-by-hop for the servers that send them.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "trailers",
]);

/** Names listed in `Connection`, in lower case. */
export function namedInConnection(headers: readonly Header[]): ReadonlySet<string> {
  return new Set(
    headers
      .filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) => value.split(",").map((option) => option.trim().toLowerCase())),
  );
}

/** Joins lines of one name (RFC 9110 section 5.3), in lower case and sorted by name. */
export function combined(headers: readonly Header[]): readonly Header[] {
  const values = new Map<string, string>();
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    const before = values.get(name);
    values.set(name, before === undefined ? value.trim() : `${before}, ${value.trim()}`);
  }
  return [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** CGI-style servers pass headers as variables (RFC 3875 section 4.1.18), so `_` and `-` are equivalent to them. */
export function withDashes(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}
