import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** RFC 9110 section 9.2.1. Nothing here changes state by them. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The origin that browsers know this request by. Behind something that ends TLS the request comes in over http: the
 * operator's own word then counts, where it is about the same host.
 */
export function ownOrigin(c: GateContext): string {
  const url = new URL(c.req.url);
  const published = publicOrigin(c);
  return published !== null && new URL(published).host === url.host ? published : url.origin;
}

/** The origin that people were told; null: the operator named none. */
export function publicOrigin(c: GateContext): string | null {
  const ports = c.env;
  const { publicUrl } = ports.settings;
  return publicUrl !== null && URL.canParse(publicUrl) ? new URL(publicUrl).origin : null;
}

/**
 * Did a page of ours send this? Browsers say so themselves, and no page can make them say otherwise. One that says
 * neither is too old to be trusted with a cookie.
 */
export function isSameOrigin(c: GateContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("Origin");
  return origin !== undefined && (origin === ownOrigin(c) || origin === publicOrigin(c));
}

/**
 * 403 for a change of state that another site may have made a signed-in browser ask for. To be called before
 * whatever a browser sends by itself (cookies, Cloudflare Access) is taken as the caller's word.
 */
export function requireSameOrigin(c: GateContext): void {
  if (SAFE_METHODS.has(c.req.method) || isSameOrigin(c)) return;
  refuseCrossOrigin();
}

/** The same for a call that proves itself by what it sends, and that programs make, too: they name no origin. */
export function refuseOtherSites(c: GateContext): void {
  const isSilent = c.req.header("Sec-Fetch-Site") === undefined && c.req.header("Origin") === undefined;
  if (!isSilent) requireSameOrigin(c);
}

function refuseCrossOrigin(): never {
  return refuse({
    status: 403,
    code: "cross_origin",
    detail: "A signed-in browser changes something only from Gate's own pages; programs send a bearer key.",
  });
}
