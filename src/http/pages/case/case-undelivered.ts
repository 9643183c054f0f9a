import { html } from "hono/html";
import type { DeliveryKind, DeliveryRecord } from "../../../ports/notifications.ts";
import { timeText } from "../../../core/presentation/times.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";

const DELIVERY_TEXT = {
  held: "The first message",
  reminder: "A reminder",
  escalation: "The escalation",
  decided: "The decision",
  event: "An event",
  test: "A test",
} as const satisfies Record<DeliveryKind, string>;

/** Failed deliveries, so that a reviewer does not wait for a person whom no message reached. */
export function undeliveredSection(records: readonly DeliveryRecord[] | null): Markup {
  if (records === null) {
    return html`<section class="notice wait">
      <p>The state of notifications can't be read right now.</p>
    </section>`;
  }
  return html`<section class="notice wait">
    <h2>Not delivered</h2>
    <ul>
      ${records.map(
        ({ target, person, kind, state, lastProblem, nextAt }) =>
          html`<li>
            ${DELIVERY_TEXT[kind]} to
            ${sanitizeText(target)}${person === null ? null : html` for ${sanitizeText(person)}`}:
            ${sanitizeText(lastProblem ?? "it failed")}.
            ${state === "pending" && nextAt !== null ? html`Tried again at ${timeText(nextAt)}.` : "It is not tried again."}
          </li>`,
      )}
    </ul>
  </section>`;
}
