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
  /** The entry of the navigation that the page belongs to. */
  readonly current?: "inbox" | "decided";
  /** A page of little text: a narrow column reads better. */
  readonly isNarrow?: boolean;
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
  { title, body, status = 200, current, isNarrow = false, refresh }: PageContent,
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
        <a class="skip" href="#main">To the content</a>
        <header class="top">
          <a class="brand" href="/cases">Gate</a>
          ${principal === undefined ? null : html`${navigation(current)}${signedIn(principal)}`}
        </header>
        <main id="main" class="${isNarrow ? "narrow" : "wide"}">${body}</main>
      </body>
    </html>`;
  return c.html(document, status, HEADERS);
}

function navigation(current: PageContent["current"]): Markup {
  const entry = (key: PageContent["current"], path: string, label: string) =>
    key === current
      ? html`<a href="${path}" aria-current="page">${label}</a>`
      : html`<a href="${path}">${label}</a>`;
  return html`<nav aria-label="Pages">
    ${entry("inbox", "/cases", "Inbox")} ${entry("decided", "/cases/decided", "Decided")}
  </nav>`;
}

function signedIn({ id, person, name, role }: Principal): Markup {
  return html`<form class="who" method="post" action="/sign-out">
    <span>${sanitizeText(person === null || person === id ? name : person)} <small>${role}</small></span>
    <button class="quiet">Sign out</button>
  </form>`;
}
