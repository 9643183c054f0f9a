import type { Destination } from "../registry/registry.ts";
import type { Header } from "./header-names.ts";

/*
 * The upstream's own addresses in an answer's headers. A client that follows one leaves Gate, with Gate's key, so each
 * is rewritten to where Gate serves it. Addresses of other hosts stay, and bodies are never changed.
 */

/** Where Gate serves an upstream. */
export interface Place {
  /** Without a slash at the end. */
  readonly upstream: string;
  /** Path on Gate. */
  readonly prefix: string;
}

export interface AddressRewrite {
  /** The URL of the request that was answered: relative references are relative to it (RFC 9110 section 10.2.2). */
  readonly requested: string;
  /** In order: the first that covers an address serves it. */
  readonly places: readonly Place[];
  /** Origin by which the agent reaches Gate. */
  readonly origin: string;
}

/**
 * The entry that the request came through comes first: another entry of the same upstream has other rules, and the
 * agent chose this one. Of the others the longest path wins.
 */
export function placesOf(entry: Destination, destinations: Iterable<Destination>): readonly Place[] {
  const place = ({ upstream }: Destination): Place[] =>
    upstream === null || upstream.prefix === null
      ? []
      : [{ upstream: upstream.url, prefix: upstream.prefix }];
  const others = [...destinations].filter(({ name }) => name !== entry.name).flatMap(place);
  return [...place(entry), ...others.toSorted((a, b) => b.upstream.length - a.upstream.length)];
}

/** The whole value is a reference, which may be relative. */
const REFERENCES: ReadonlySet<string> = new Set([
  "location",
  "content-location",
  "content-base",
  "operation-location",
  "azure-asyncoperation",
  "sourcemap",
  "x-sourcemap",
]);

/** As a path: every HTTP library resolves these two, under whatever name it reached Gate. */
const AS_PATH: ReadonlySet<string> = new Set(["location", "content-location"]);

/** Compared by clients as opaque text. */
const OPAQUE: ReadonlySet<string> = new Set(["etag", "content-type", "date"]);

/** An address within other text, up to a delimiter; JSON may escape its slashes. */
const ADDRESS = /\bhttps?:(?:\/|\\\/){2}[^\s"'<>(){}|^`,;]+/gi;

/** @param headers as `responseHeaders` returns them */
export function rewriteAddresses(headers: readonly Header[], rewrite: AddressRewrite): readonly Header[] {
  if (rewrite.places.length === 0) return headers;
  return headers.flatMap(([name, value]): readonly Header[] => {
    const written = rewrittenValue(name, value, rewrite);
    return written === null ? [] : [[name, written]];
  });
}

/** Null: a reference that is none, which a client could only misread. */
function rewrittenValue(name: string, value: string, rewrite: AddressRewrite): string | null {
  if (OPAQUE.has(name)) return value;
  if (REFERENCES.has(name)) return rewrittenReference(value.trim(), rewrite, AS_PATH.has(name));
  switch (name) {
    case "link":
      return withinText(
        value.replaceAll(/<([^<>]*)>/g, (whole, reference: string) => {
          const written = rewrittenReference(reference.trim(), rewrite, false);
          return written === null ? whole : `<${written}>`;
        }),
        rewrite,
      );
    case "refresh":
      return value.replace(
        /^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?["']?)([^"']+)/i,
        (whole, before: string, reference: string) => {
          const written = rewrittenReference(reference.trim(), rewrite, false);
          return written === null ? whole : `${before}${written}`;
        },
      );
    default:
      return withinText(value, rewrite);
  }
}

function rewrittenReference(reference: string, rewrite: AddressRewrite, asPath: boolean): string | null {
  // Relative to the request itself, so it stays right at Gate.
  if (reference === "" || reference.startsWith("#")) return reference;
  if (!URL.canParse(reference, rewrite.requested)) return null;
  const address = new URL(reference, rewrite.requested);
  const path = pathAtGate(address, rewrite.places);
  if (path === null) return address.href;
  return asPath ? path : `${rewrite.origin}${path}`;
}

function withinText(text: string, rewrite: AddressRewrite): string {
  if (!text.includes("http")) return text;
  return text.replaceAll(ADDRESS, (written) => {
    const plain = written.replaceAll(String.raw`\/`, "/");
    const path = URL.canParse(plain) ? pathAtGate(new URL(plain), rewrite.places) : null;
    return path === null ? written : `${rewrite.origin}${path}`;
  });
}

/** The path, query and fragment at Gate; null: no entry covers the address. */
function pathAtGate(address: URL, places: readonly Place[]): string | null {
  for (const { upstream, prefix } of places) {
    const base = new URL(upstream);
    if (!isSameHost(address, base)) continue;
    const below = base.pathname.replace(/\/$/, "");
    if (!address.pathname.startsWith(below)) continue;
    const rest = address.pathname.slice(below.length);
    if (rest === "" || rest.startsWith("/")) return `${prefix}${rest}${address.search}${address.hash}`;
  }
  return null;
}

/** An upstream behind a TLS terminator may write its own addresses with http: the host counts, not the scheme. */
function isSameHost(address: URL, base: URL): boolean {
  if (address.protocol !== "https:" && address.protocol !== "http:") return false;
  const hostname = (url: URL) => url.hostname.replace(/\.$/, "");
  return hostname(address) === hostname(base) && address.port === base.port;
}
