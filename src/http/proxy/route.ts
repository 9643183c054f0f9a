import { placesOf, type Place } from "../../core/outbound/addresses.ts";
import { canonicalPath, pathBelow } from "../../core/outbound/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry/registry.ts";

/** The destination of a proxied request, and how its addresses map to Gate's. */
export interface ProxyRoute {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** The matched prefix of the request's path; the rest is the path below the upstream. */
  readonly prefix: string;
  /** Where Gate serves the upstream's addresses, to which answers are rewritten; none for egress, which keeps them. */
  readonly places: () => readonly Place[];
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
  return found === null ? null : { ...found, places: () => placesOf(found.entry, destinations.values()) };
}
