import { html } from "hono/html";
import type { Fields } from "../../../core/proposal/formats/form.ts";
import { markedText } from "../../../core/presentation/payload/marks.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines, visiblePiece } from "../sanitize-text.ts";

/** The fields of a form, decoded as servers do, each on a line. */
export function fieldsBox(fields: Fields, terms: readonly string[], hasPlaceholders: boolean): Markup {
  return html`<div class="box">
    <div class="scroll" tabindex="0" role="region" aria-label="Payload as fields">
      <table class="asis">
        <thead>
          <tr>
            <th scope="col">field</th>
            <th scope="col">value</th>
          </tr>
        </thead>
        <tbody>
          ${fields.map(
            ([name, value]) =>
              html`<tr>
                <td>${sanitizeText(name)}</td>
                <td class="wrap">${valueOf(value, terms, hasPlaceholders)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </div>`;
}

function valueOf(
  value: string,
  terms: readonly string[],
  hasPlaceholders: boolean,
): readonly (Markup | string)[] {
  const pieces = markedText(value, terms, hasPlaceholders);
  return pieces.map(({ text, isMarked }, at) => {
    const shown = at === pieces.length - 1 ? visibleLines(text) : visiblePiece(text);
    return isMarked ? html`<mark>${shown}</mark>` : shown;
  });
}
