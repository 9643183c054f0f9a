import { err, ok, type Result } from "../base/result.ts";
import { canonicalPath, pathBelow, type PathProblem } from "./path.ts";
import { holdsGateKey } from "./headers.ts";

/** Where a request to Gate goes. */
export interface Target {
  /** What is fetched: the upstream, the path, the query. */
  readonly url: string;
  /** Below the upstream's own path, canonical; `/` at least. What a destination's reads are compared with. */
  readonly path: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
}

export type TargetProblem =
  | PathProblem
  /** Not a URL as requests have them. */
  | "malformed"
  | "userinfo"
  /** RFC 9112 section 3.2: fragments never travel. */
  | "fragment"
  /** Doesn't lead to this upstream. */
  | "prefix"
  /** A key of Gate's in a URL: it would stand in the upstream's logs. */
  | "gate_key";

/** With the upstream's address in front, what servers and the platform (16 KB) take. */
const MAX_TARGET_CHARS = 12_000;

const HTTP_ORIGIN = /^https?:\/\/([^/?#\\]*)(.*)$/is;
const VISIBLE = /^[\x21-\x7e]*$/;

/**
 * Where a request leads, or why it is ambiguous. The path is brought into its one spelling; the query stays as it
 * is, byte for byte, but for `"`, `'`, `<` and `>`, which `fetch` would escape anyway: what is decided on is what
 * is sent.
 *
 * @param prefix of the destination, e.g. `/sfdc`; empty: all of Gate's host leads there
 * @param upstream of the registry: no query, no fragment
 * @param written the request's URL, or its path and query. Whose host it names is for the door to check
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
  return below === null ? err("prefix") : joined(upstream, below, query);
}

/** Is a key of Gate's in an address, escaped or not? */
export function leaksGateKey(address: string): boolean {
  return holdsGateKey(address) || holdsGateKey(unescaped(address));
}

function unescaped(text: string): string {
  return text.replaceAll(/%([\dA-Fa-f]{2})/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

function joined(upstream: string, path: string, query: string): Result<Target, TargetProblem> {
  if (!URL.canParse(upstream)) return err("malformed");
  const { href: root, pathname } = new URL(upstream);
  const base = root.replace(/\/$/, "");
  const below = path === "" && pathname === "/" ? "/" : path;
  const { href } = new URL(`${base}${below}${query}`);
  const rest = href.slice(base.length + below.length);
  // Nothing above lets it through; if the runtime reads another path in it all the same, that is not sent.
  const isSame = href.startsWith(`${base}${below}`) && (rest === "" || rest.startsWith("?"));
  return isSame ? ok({ url: href, path: path === "" ? "/" : path, query: rest }) : err("malformed");
}
