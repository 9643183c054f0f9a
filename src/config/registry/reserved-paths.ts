/**
 * First segments of Gate's own paths, those kept for what is to come included. No destination's prefix begins with
 * one: a request must never lead to an upstream on one deployment and to Gate itself on the next.
 */
export const RESERVED_PATHS: ReadonlySet<string> = new Set([
  "v1",
  "health",
  "log",
  "case",
  "cases",
  "sign-in",
  "sign-out",
  "slack",
  "gate.css",
  ".well-known",
  // Cloudflare's own, on every zone.
  "cdn-cgi",
  // Kept.
  "access",
  "admin",
  "api",
  "assets",
  "auth",
  "callback",
  "callbacks",
  "dashboard",
  "docs",
  "egress",
  "favicon.ico",
  "gate",
  "internal",
  "links",
  "login",
  "logout",
  "mcp",
  "metrics",
  "oauth",
  "proxy",
  "queue",
  "robots.txt",
  "runs",
  "static",
  "ws",
]);

export function isReservedPath(path: string): boolean {
  return RESERVED_PATHS.has(path.split("/")[1] ?? "");
}
