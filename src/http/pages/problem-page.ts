import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isJsonObject, type Json } from "../../core/base/json.ts";
import type { GateContext } from "../middleware/context.ts";
import type { Problem } from "../problem/problem.ts";
import { page, type Markup } from "./page.ts";
import { sanitizeText } from "./sanitize-text.ts";

/** RFC 9110 section 12.5.1, reduced to one case: a client that accepts JSON and no HTML gets the problem itself. */
function wantsJson(c: GateContext): boolean {
  const accept = c.req.header("Accept")?.toLowerCase() ?? "";
  return accept.includes("json") && !accept.includes("text/html");
}

/** Lets a handler of pages refuse like any other handler: a browser gets the problem's sentence as a page. */
export function asPage(
  run: (c: GateContext) => Response | Promise<Response>,
): (c: GateContext) => Promise<Response> {
  return async (c) => {
    try {
      return await run(c);
    } catch (error) {
      if (!(error instanceof HTTPException) || error.res === undefined) throw error;
      return wantsJson(c) ? error.res : toPage(c, error.res);
    }
  };
}

async function toPage(c: GateContext, answer: Response): Promise<Response> {
  const body = (await answer.json()) as Json;
  const detail = isJsonObject(body) ? body["detail"] : null;
  const status = answer.status as ContentfulStatusCode;
  const wait = answer.headers.get("Retry-After");
  if (wait !== null) c.header("Retry-After", wait);
  return problemPage(c, { status, detail: typeof detail === "string" ? detail : "This did not work." });
}

/** @param more the next step to offer; null: the default for the status */
export function problemPage(
  c: GateContext,
  { status, detail }: Pick<Problem, "status" | "detail">,
  more: Markup | null = null,
): Response | Promise<Response> {
  return page(c, {
    title: status === 404 ? "Not here" : "Not done",
    status,
    isNarrow: true,
    body: html`<section class="notice stop">
      <h1>${sanitizeText(detail)}</h1>
      ${more ?? nextStep(c, status)}
    </section>`,
  });
}

function nextStep(c: GateContext, status: number): Markup {
  if (status === 401) {
    return html`<p><a href="/sign-in?next=${encodeURIComponent(returnPath(c))}">Sign in</a></p>`;
  }
  const path = c.req.method === "GET" ? "/cases" : returnPath(c);
  return html`<p><a href="${path}">${path === "/cases" ? "To the inbox" : "Back to the case"}</a></p>`;
}

/** The path to return to after signing in: the requested page, or the case of a submitted form. */
export function returnPath(c: GateContext): string {
  const { pathname, search } = new URL(c.req.url);
  if (c.req.method === "GET") return pathname + search;
  return /^\/cases\/int_[^/]+/.exec(pathname)?.[0] ?? "/cases";
}
