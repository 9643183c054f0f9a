import type { GateContext } from "./context.ts";
import { isLoopback } from "./host.ts";

/** A proxy in front of Gate adds these: the browser behind it may be on any machine. */
const FORWARDED = [
  "Forwarded",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Real-IP",
] as const;

/** Sign-in by name, without proof: only where the operator allowed it, and for browsers on the same machine. */
export function maySignInLocally(c: GateContext): boolean {
  const ports = c.env;
  const isForwarded = FORWARDED.some((name) => c.req.header(name) !== undefined);
  return ports.settings.localSignIn && !isForwarded && isLoopback(new URL(c.req.url).hostname);
}
