import { canonicalPath, pathBelow } from "../../core/outbound/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry/registry.ts";
import type { ProxyRoute } from "../proxy/route.ts";

/** Where a request leads that names its host itself. */
export type HostRoute =
  | { readonly kind: "destination"; readonly route: ProxyRoute }
  /** The host is a destination's, the port or the path is not: nobody governs it, and it is no unknown host either. */
  | { readonly kind: "outside" }
  /** Several destinations have this very upstream: the agent must not be the one to choose whose policies decide. */
  | { readonly kind: "ambiguous" }
  | { readonly kind: "unknown" };

interface Candidate {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** The path of its upstream, canonical; empty for all of the host. */
  readonly prefix: string;
}

/**
 * The destination whose upstream a request was meant for: the same host, the same port, and of several the one with
 * the longest path. The scheme doesn't count, as what is sent goes to the upstream as the registry writes it.
 *
 * @param requested as `URL` reads it: the host in lower case, numbers in one spelling
 */
export function routeByHost({ destinations }: Registry, requested: URL): HostRoute {
  const path = canonicalPath(requested.pathname);
  // What is ambiguous leads to a destination too, where it is refused with the reason.
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

/** A name with the root's dot is the same name. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

function prefixOf({ pathname }: URL): string {
  const path = pathname.replace(/\/$/, "");
  const canonical = canonicalPath(path);
  return canonical.ok ? canonical.value : path;
}

/** Requests are sent on for those with a prefix; the others may be there for what Gate makes of proposals alone. */
function onlyOne(found: readonly Candidate[]): Candidate | null {
  const proxied = found.filter(({ upstream }) => upstream.prefix !== null);
  const [first, second] = proxied.length > 0 ? proxied : found;
  return first === undefined || second !== undefined ? null : first;
}
