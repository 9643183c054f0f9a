import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** RFC 9110 section 9.2.1: no route of Gate changes state by them. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The origin of this request as the browser sees it. Behind a proxy that terminates TLS the request arrives over http,
 * so the operator's `GATE_PUBLIC_URL` counts where it names the same host.
 */
export function ownOrigin(c: GateContext): string {
  const url = new URL(c.req.url);
  const published = publicOrigin(c);
  return published !== null && new URL(published).host === url.host ? published : url.origin;
}

/** The origin of `GATE_PUBLIC_URL`; null: the operator set none. */
export function publicOrigin(c: GateContext): string | null {
  const ports = c.env;
  const { publicUrl } = ports.settings;
  return publicUrl !== null && URL.canParse(publicUrl) ? new URL(publicUrl).origin : null;
}

/**
 * Did one of Gate's pages send this? Browsers set Sec-Fetch-Site and Origin themselves, and no page can forge them. A
 * browser that sends neither is too old to be trusted with a cookie.
 */
function isSameOrigin(c: GateContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin";
  const origin = c.req.header("Origin");
  return origin !== undefined && (origin === ownOrigin(c) || origin === publicOrigin(c));
}

/**
 * 403 for a state change that another site may have made a signed-in browser send (CSRF). To be called before anything
 * that a browser attaches by itself (cookies, Cloudflare Access) is accepted as proof of the caller.
 */
export function requireSameOrigin(c: GateContext): void {
  if (SAFE_METHODS.has(c.req.method) || isSameOrigin(c)) return;
  refuseCrossOrigin();
}

/** The same for a call that carries its own proof and that programs make too, which send no origin. */
export function refuseOtherSites(c: GateContext): void {
  const isSilent = c.req.header("Sec-Fetch-Site") === undefined && c.req.header("Origin") === undefined;
  if (!isSilent) requireSameOrigin(c);
}

function refuseCrossOrigin(): never {
  return refuse({
    status: 403,
    code: "cross_origin",
    detail: "A signed-in browser can change state only from Gate's own pages; programs send a bearer key.",
  });
}
