import { html } from "hono/html";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";

/** One labelled value of a list. */
export function row(name: string, value: Markup | string): Markup {
  return html`<dt>${sanitizeText(name)}</dt>
    <dd>${value}</dd>`;
}

export function optional(name: string, value: string | null | undefined): Markup | null {
  return value === null || value === undefined ? null : row(name, html`<bdi>${sanitizeText(value)}</bdi>`);
}
