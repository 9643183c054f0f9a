import { canonicalPath, pathBelow } from "../../core/outbound/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry/registry.ts";

/** Where a request through the proxy leads. */
export interface ProxyRoute {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** Of the path it came by; what follows is the path below the upstream. */
  readonly prefix: string;
  /** Where the upstream's own addresses are at Gate, the longest first: what it calls itself is told to agents so. */
  readonly places: () => readonly Place[];
}

interface Place {
  /** Without a slash at the end. */
  readonly upstream: string;
  readonly prefix: string;
}

/** The destination of the longest prefix that a path lies below; null: none's. */
export function routeByPrefix({ destinations }: Registry, pathname: string): ProxyRoute | null {
  const path = canonicalPath(pathname);
  // What is ambiguous leads to a destination too, where it is refused with the reason.
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
