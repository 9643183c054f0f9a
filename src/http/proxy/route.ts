import { canonicalPath } from "../../core/proxy/path.ts";
import type { Destination, Registry, Upstream } from "../../core/registry.ts";

/** Where a request through the proxy leads. */
export interface ProxyRoute {
  readonly entry: Destination;
  readonly upstream: Upstream;
  /** Of the path it came by; what follows is the path below the upstream. */
  readonly prefix: string;
  /** What the upstream calls its own address is told to the agent as this; null: as it is. */
  readonly publicPrefix: string | null;
}

/** The destination of the longest prefix that a path lies below; null: none's. */
export function routeByPrefix({ destinations }: Registry, pathname: string): ProxyRoute | null {
  const path = canonicalPath(pathname);
  // What is ambiguous leads to a destination too, where it is refused with the reason.
  const read = path.ok ? path.value : pathname;
  let found: ProxyRoute | null = null;
  for (const entry of destinations.values()) {
    const { upstream } = entry;
    const prefix = upstream?.prefix ?? null;
    if (upstream === null || prefix === null) continue;
    if (read !== prefix && !read.startsWith(`${prefix}/`)) continue;
    if (found === null || prefix.length > found.prefix.length) {
      found = { entry, upstream, prefix, publicPrefix: prefix };
    }
  }
  return found;
}
