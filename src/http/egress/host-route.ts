import { canonicalPath, pathBelow } from "../../core/outbound/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry/registry.ts";
import type { ProxyRoute } from "../proxy/route.ts";

/** The route of a request whose own host selects the destination. */
export type HostRoute =
  | { readonly kind: "destination"; readonly route: ProxyRoute }
  /** A destination has the host but not this port or path: ungoverned, and `unknown_hosts` must not pass it. */
  | { readonly kind: "outside" }
  /** Several destinations have this very upstream: the agent must not choose whose policies apply. */
  | { readonly kind: "ambiguous" }
  | { readonly kind: "unknown" };

interface Candidate {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** The upstream's path, canonical; empty for the whole host. */
  readonly prefix: string;
}

/**
 * The destination whose upstream has the request's host and port, and of several the one with the longest path. The
 * scheme doesn't count: Gate sends with the scheme of the registry's URL.
 *
 * @param requested as `URL` reads it: the host in lower case, numbers in one spelling
 */
export function routeByHost({ destinations }: Registry, requested: URL): HostRoute {
  const path = canonicalPath(requested.pathname);
  // An ambiguous path is routed too, so that the destination refuses it with the reason.
  const read = path.ok ? path.value : requested.pathname;
  const host = hostOf(requested);
  let isKnown = false;
  let found: readonly Candidate[] = [];
  for (const entry of destinations.values()) {
    const { upstream } = entry;
    if (upstream === null) continue;
    const base = new URL(upstream.url);
    if (hostOf(base) !== host) continue;
    isKnown = true;
    const prefix = prefixOf(base);
    if (base.port !== requested.port || pathBelow(prefix, read) === null) continue;
    const longest = found[0]?.prefix.length ?? -1;
    if (prefix.length < longest) continue;
    found = [...(prefix.length === longest ? found : []), { entry, upstream, prefix }];
  }
  const route = onlyOne(found);
  if (route !== null) return { kind: "destination", route: { ...route, places: () => [] } };
  return { kind: found.length > 0 ? "ambiguous" : isKnown ? "outside" : "unknown" };
}

/** The host name without the DNS root's dot: `example.com.` is the same host. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

function prefixOf({ pathname }: URL): string {
  const path = pathname.replace(/\/$/, "");
  const canonical = canonicalPath(path);
  return canonical.ok ? canonical.value : path;
}

/** Prefers destinations with a prefix: the others may exist only for requests that Gate builds from proposals. */
function onlyOne(found: readonly Candidate[]): Candidate | null {
  const proxied = found.filter(({ upstream }) => upstream.prefix !== null);
  const [first, second] = proxied.length > 0 ? proxied : found;
  return first === undefined || second !== undefined ? null : first;
}
