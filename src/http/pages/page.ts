import { html } from "hono/html";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Principal } from "../../core/identity/principal.ts";
import type { GateContext } from "../middleware/context.ts";
import { STYLE_VERSION } from "./style.ts";
import { sanitizeText } from "./sanitize-text.ts";

/** Markup made by `html`, which escapes texts and leaves nested markup as it is. */
export type Markup = ReturnType<typeof html>;

export interface PageContent {
  readonly title: string;
  readonly body: Markup;
  readonly status?: ContentfulStatusCode;
  /** A path at Gate to which the browser continues at once. */
  readonly refresh?: string;
}

/*
 * No script, no other origin, no frame: markup that an attacker got past the escaping can neither run nor load
 * anything (XSS, clickjacking).
 */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  // Keeps a signed link out of the Referer header. Not `no-referrer`: with that, browsers send the forms of Gate's own
  // pages with `Origin: null` (Fetch, "append a request Origin header"), and the check against CSRF refuses them.
  "Referrer-Policy": "strict-origin",
  "Cache-Control": "no-store",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Opener-Policy": "same-origin",
} as const;

/** A whole document, with the signed-in principal in its header. */
export function page(
  c: GateContext,
  { title, body, status = 200, refresh }: PageContent,
): Response | Promise<Response> {
  // Not set on public pages.
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
