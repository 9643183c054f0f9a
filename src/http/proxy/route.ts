import { canonicalPath, pathBelow } from "../../core/outbound/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry/registry.ts";

/** The destination of a proxied request, and how its addresses map to Gate's. */
export interface ProxyRoute {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** The matched prefix of the request's path; the rest is the path below the upstream. */
  readonly prefix: string;
  /** Gate's prefixes for the upstream's addresses, the longest first; responses are rewritten to them. */
  readonly places: () => readonly Place[];
}

interface Place {
  /** Without a slash at the end. */
  readonly upstream: string;
  readonly prefix: string;
}

/** The destination with the longest prefix that contains the path; null: none. */
export function routeByPrefix({ destinations }: Registry, pathname: string): ProxyRoute | null {
  const path = canonicalPath(pathname);
  // An ambiguous path is routed too, so that the destination refuses it with the reason.
  const read = path.ok ? path.value : pathname;
  let found: Omit<ProxyRoute, "places"> | null = null;
  for (const entry of destinations.values()) {
    const { upstream } = entry;
    const prefix = upstream?.prefix ?? null;
    if (upstream === null || prefix === null) continue;
    if (pathBelow(prefix, read) === null) continue;
    if (found === null || prefix.length > found.prefix.length) {
      found = { entry, upstream, prefix };
    }
  }
  return found === null ? null : { ...found, places: () => placesOf(found.upstream, destinations) };
}

function placesOf({ url }: Upstream, destinations: Registry["destinations"]): readonly Place[] {
  const { origin } = new URL(url);
  const places: Place[] = [];
  for (const { upstream } of destinations.values()) {
    if (upstream?.prefix && new URL(upstream.url).origin === origin) {
      places.push({ upstream: upstream.url, prefix: upstream.prefix });
    }
  }
  return places.toSorted((a, b) => b.upstream.length - a.upstream.length);
}
