import { err, ok, type Result } from "../base/result.ts";
import { canonicalPath, pathBelow, type PathProblem } from "./path.ts";
import { holdsGateKey } from "./headers.ts";

/** The upstream resource that a request to Gate addresses. */
export interface Target {
  /** The URL to fetch: the upstream, the path, the query. */
  readonly url: string;
  /** Canonical, below the upstream's own path; at least `/`. Compared with a destination's listed reads. */
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
}

export type TargetProblem =
  | PathProblem
  /** Not a valid request target. */
  | "malformed"
  | "userinfo"
  /** RFC 9112 section 3.2: fragments never travel. */
  | "fragment"
  /** Not below this upstream's prefix. */
  | "prefix"
  /** A key of Gate in a URL, which the upstream would write to its logs. */
  | "gate_key";

/** Leaves room for the upstream's address within the limits of servers and the platform (16 KB). */
const MAX_TARGET_CHARS = 12_000;

const HTTP_ORIGIN = /^https?:\/\/([^/?#\\]*)(.*)$/is;
const VISIBLE = /^[\x21-\x7e]*$/;

/**
 * Resolves a request to its upstream resource, and refuses ambiguous ones. The path is canonicalized; the query stays
 * byte for byte, except `"`, `'`, `<` and `>`, which `fetch` would escape anyway: Gate sends exactly what is approved.
 *
 * @param prefix of the destination, e.g. `/sfdc`; empty: every path belongs to it
 * @param upstream of the registry: no query, no fragment
 * @param written the request's URL, or its path and query. The door checks its host
 */
export function targetOf(prefix: string, upstream: string, written: string): Result<Target, TargetProblem> {
  if (written.length > MAX_TARGET_CHARS) return err("too_long");
  const origin = HTTP_ORIGIN.exec(written);
  if (origin === null && !written.startsWith("/")) return err("malformed");
  if (origin?.[1]?.includes("@") === true) return err("userinfo");
  const reference = origin?.[2] ?? written;
  if (reference.includes("#")) return err("fragment");
  const at = reference.indexOf("?");
  const path = canonicalPath(at < 0 ? reference : reference.slice(0, at));
  if (!path.ok) return path;
  const query = at < 0 ? "" : reference.slice(at);
  if (!VISIBLE.test(query)) return err("character");
  if (leaksGateKey(reference)) return err("gate_key");
  const below = pathBelow(prefix, path.value);
  return below === null ? err("prefix") : targetBelow(upstream, below, query);
}

/** Does a URL contain a key of Gate, escaped or not? */
export function leaksGateKey(address: string): boolean {
  return holdsGateKey(address) || holdsGateKey(unescaped(address));
}

function unescaped(text: string): string {
  return text.replaceAll(/%([\dA-Fa-f]{2})/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

function targetBelow(upstream: string, path: string, query: string): Result<Target, TargetProblem> {
  if (!URL.canParse(upstream)) return err("malformed");
  const { href: root, pathname } = new URL(upstream);
  const base = root.replace(/\/$/, "");
  const below = path === "" && pathname === "/" ? "/" : path;
  const { href } = new URL(`${base}${below}${query}`);
  const rest = href.slice(base.length + below.length);
  // Defense in depth: refuse a URL that the runtime would parse to another path (parser differential).
  const isSame = href.startsWith(`${base}${below}`) && (rest === "" || rest.startsWith("?"));
  return isSame ? ok({ url: href, path: path === "" ? "/" : path, query: rest }) : err("malformed");
}
