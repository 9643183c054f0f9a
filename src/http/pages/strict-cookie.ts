import { html } from "hono/html";
import type { GateContext } from "../middleware/context.ts";
import { page } from "./page.ts";
import { returnPath } from "./problem-page.ts";

/**
 * Did the browser come here by a link on somebody else's page, such as a message in webmail? It then leaves out a
 * `SameSite=Strict` cookie, and looks signed out when it is not.
 */
export function cameFromElsewhere(c: GateContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  return c.req.method === "GET" && (site === "cross-site" || site === "same-site");
}

/** Asks for the same again, now from a page of ours: this time the cookie comes with it, if there is one. */
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
