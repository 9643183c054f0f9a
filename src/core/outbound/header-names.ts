/** Name and value, as `Headers` gives them. */
export type Header = readonly [name: string, value: string];

/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 section 5.5: what ends a line, or a text, ends a header for whoever reads it next. */
const NOT_IN_A_VALUE = /[^\t\P{Cc}]/u;

export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

export function isHeaderValue(value: string): boolean {
  return !NOT_IN_A_VALUE.test(value);
}

/**
 * RFC 9110 section 7.6.1: for one connection and not for the next, `Connection`'s own list included. The last four
 * are older or not standard, and are treated so by the servers that send them.
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

/** What `Connection` names, in lower case. */
export function namedInConnection(headers: readonly Header[]): ReadonlySet<string> {
  return new Set(
    headers
      .filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) => value.split(",").map((option) => option.trim().toLowerCase())),
  );
}

/** Lines of one name as one (RFC 9110 section 5.3), names in lower case, in the order of the names. */
export function combined(headers: readonly Header[]): readonly Header[] {
  const values = new Map<string, string>();
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    const before = values.get(name);
    values.set(name, before === undefined ? value.trim() : `${before}, ${value.trim()}`);
  }
  return [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
