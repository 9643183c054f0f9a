import { html } from "hono/html";
import type { MarkedText } from "../../../core/presentation/payload/marks.ts";
import type { Markup } from "../page.ts";
import { visibleLines, visiblePiece } from "../sanitize-text.ts";

/** Lines of the box before "show all". */
const BOX_LINES = 20;

/** A text in a box of twenty lines, in the order of its bytes. */
export function textBox(pieces: readonly MarkedText[], label: string): Markup {
  const lines = pieces.reduce((sum, { text }) => sum + text.split("\n").length - 1, 1);
  const shown = piecesMarkup(pieces);
  // HTML parsers drop a line end right after the tag: this one, so that the text's own survives.
  const pre = html`<pre class="asis" tabindex="0" aria-label="${label}">${"\n"}${shown}</pre>`;
  return html`<div class="box">
    ${lines <= BOX_LINES ? null : showAll(`Show all ${lines.toLocaleString("en-US")} lines`)}${pre}
  </div>`;
}

/** Opened, it lifts the height of the box behind it: without a script. */
export function showAll(label: string): Markup {
  return html`<details><summary>${label}</summary></details>`;
}

function piecesMarkup(pieces: readonly MarkedText[]): readonly (Markup | string)[] {
  return pieces.map(({ text, isMarked }, at) => {
    const shown = at === pieces.length - 1 ? visibleLines(text) : visiblePiece(text);
    return isMarked ? html`<mark>${shown}</mark>` : shown;
  });
}
