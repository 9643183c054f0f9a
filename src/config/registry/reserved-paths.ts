/**
 * First segments of Gate's own paths, present and future. No destination's prefix may begin with one, so that a request
 * never reaches an upstream on one release of Gate and Gate itself on the next.
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
  "docs",
  "openapi.json",
  ".well-known",
  // Cloudflare's own, on every zone.
  "cdn-cgi",
  // Reserved for future routes.
  "access",
  "admin",
  "api",
  "assets",
  "auth",
  "callback",
  "callbacks",
  "dashboard",
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
