import { html } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Principal } from "../../core/identity/principal.ts";
import type { GateContext } from "../middleware/context.ts";
import { STYLE_VERSION } from "./style.ts";
import { sanitizeText } from "./sanitize-text.ts";

/** What `html` makes: texts put into it are escaped, markup made by `html` itself is not escaped twice. */
export type Markup = ReturnType<typeof html>;

export interface PageContent {
  readonly title: string;
  readonly body: Markup;
  readonly status?: ContentfulStatusCode;
  /** A path of ours that the browser goes on to at once. */
  readonly refresh?: string;
}

/*
 * No script at all, nothing from elsewhere, no frame around it. Whatever an attacker wrote into a case and got past
 * the escaping still finds nothing that would run or load it.
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  // Nobody learns a link from where its reader came from. Not `no-referrer`: under that a browser sends forms of
  // our own pages with `Origin: null` (Fetch, "append a request Origin header"), as if they were a stranger's.
  "Referrer-Policy": "strict-origin",
  "Cache-Control": "no-store",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Opener-Policy": "same-origin",
} as const;

/** A whole document, with who is signed in. */
export function page(
  c: GateContext,
  { title, body, status = 200, refresh }: PageContent,
): Response | Promise<Response> {
  // Not set on pages that anybody may open.
  const principal = c.var.principal as Principal | undefined;
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refresh === undefined ? null : html`<meta http-equiv="refresh" content="0; url=${refresh}" />`}
        <title>${sanitizeText(title)} · Gate</title>
        <link rel="stylesheet" href="/gate.css?v=${STYLE_VERSION}" />
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/cases">Gate</a>
          ${principal === undefined ? null : signedIn(principal)}
        </header>
        <main>${body}</main>
      </body>
    </html>`;
  return c.html(document, status, HEADERS);
}

function signedIn({ person, name, role }: Principal): Markup {
  return html`<form class="who" method="post" action="/sign-out">
    <span>${sanitizeText(person ?? name)} <small>${role}</small></span>
    <button class="quiet">Sign out</button>
  </form>`;
}
