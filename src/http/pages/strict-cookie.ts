import { html } from "hono/html";
import type { GateContext } from "../middleware/context.ts";
import { page } from "./page.ts";
import { returnPath } from "./problem-page.ts";

/**
 * True for a navigation from another site, such as a link in webmail: browsers then leave out `SameSite=Strict`
 * cookies, so that a signed-in person looks signed out.
 */
export function cameFromElsewhere(c: GateContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  return c.req.method === "GET" && (site === "cross-site" || site === "same-site");
}

/** A page that reloads the same path: as a navigation from Gate's own origin it carries the cookie. */
export function continuePage(c: GateContext): Response | Promise<Response> {
  const path = returnPath(c);
  return page(c, {
    title: "One moment",
    refresh: path,
    body: html`<section>
      <p><a href="${path}">Go on to the case</a></p>
    </section>`,
  });
}
