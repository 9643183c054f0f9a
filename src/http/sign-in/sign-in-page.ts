import { html } from "hono/html";
import type { OidcProvider, Person } from "../../core/registry/registry.ts";
import type { GateContext } from "../middleware/context.ts";
import { providerId } from "./providers.ts";
import { page, type Markup } from "../pages/page.ts";
import { sanitizeText } from "../pages/sanitize-text.ts";

export interface SignInChoices {
  /** The path to continue at after signing in. */
  readonly next: string;
  readonly providers: readonly OidcProvider[];
  /** People the browser may sign in as without proof (`--local-sign-in`); null: not offered. */
  readonly people: readonly Person[] | null;
}

/** The form for each configured way to sign in. Works without a script. */
export function signInPage(
  c: GateContext,
  { next, providers, people }: SignInChoices,
  refused: { readonly status: 401 | 403; readonly detail: string } | null = null,
): Response | Promise<Response> {
  return page(c, {
    title: "Sign in",
    isNarrow: true,
    status: refused?.status ?? 200,
    body: html`<h1>Sign in</h1>
      ${refused === null ? null : html`<section class="notice stop" role="alert">${refused.detail}</section>`}
      ${providers.length === 0 ? null : byProvider(providers, next)} ${byKey(next)}
      ${people === null ? null : byName(people, next)}`,
  });
}

function byProvider(providers: readonly OidcProvider[], next: string): Markup {
  return html`<section>
    <h2>With your account</h2>
    ${providers.map(
      (provider) =>
        html`<p>
          <a class="button" href="/sign-in/${providerId(provider)}?next=${encodeURIComponent(next)}"
            >${sanitizeText(provider.name)}</a
          >
        </p>`,
    )}
  </section>`;
}

function byKey(next: string): Markup {
  return html`<section>
    <h2>With a key</h2>
    <form method="post" action="/sign-in">
      <input type="hidden" name="next" value="${next}" />
      <p>
        <label for="key">A reviewer's, auditor's or admin's key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          maxlength="512"
          autocomplete="current-password"
          spellcheck="false"
        />
      </p>
      <button>Sign in</button>
    </form>
  </section>`;
}

function byName(people: readonly Person[], next: string): Markup {
  return html`<section class="notice wait">
    <h2>As any person, on this machine</h2>
    <p class="dim">This Gate was started with <code>--local-sign-in</code>, for development.</p>
    ${people.length === 0 ? html`<p>There are no people in <code>gate.yaml</code> yet.</p>` : null}
    ${people.map(
      ({ id, name }) =>
        html`<form method="post" action="/sign-in">
          <input type="hidden" name="next" value="${next}" />
          <input type="hidden" name="person" value="${id}" />
          <p><button class="quiet">${sanitizeText(name)} (${sanitizeText(id)})</button></p>
        </form>`,
    )}
  </section>`;
}

/**
 * The last step of a sign-in with a provider. Not a redirect: it would count as the provider's navigation, for which
 * browsers leave out the new `SameSite=Strict` cookie.
 */
export function signedInPage(c: GateContext, next: string): Response | Promise<Response> {
  return page(c, {
    title: "Signed in",
    isNarrow: true,
    refresh: next,
    body: html`<section class="notice ok">
      <h1>You are signed in</h1>
      <p><a href="${next}">Go on</a></p>
    </section>`,
  });
}
