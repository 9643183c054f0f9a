import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { TraceStep } from "../../../core/policy/decision.ts";
import type { Principal } from "../../../core/identity/principal.ts";
import type { storedContent } from "../../api/shared/stored-record.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { nameAndId } from "../text.ts";
import { optional, row } from "./rows.ts";

type CaseRecord = ReturnType<typeof storedContent>;

/** Free metadata matters little for a decision and can be long; auditors read all of it in the API's decision. */
const MAX_METADATA_CHARACTERS = 4096;

/** More steps are in the API's decision. */
const MAX_STEPS = 60;

/** Who proposed it, for whom, the ids and digests in full, and every rule that was evaluated. */
export function detailsSection(
  { terms }: IntentState,
  { request, decision }: CaseRecord,
  agent: Principal | null,
  isPayloadVisible: boolean,
  nameOf: NameOf,
): Markup {
  return html`<section id="details">
    <h2>Details</h2>
    <dl>
      ${row("Agent", nameAndId(agent?.name ?? terms.agent, terms.agent))}
      ${terms.editor === null ? null : row("Payload written by", nameAndId(nameOf(terms.editor), terms.editor))}
      ${row("Owner", agent?.owner === null || agent === null ? "none" : nameAndId(nameOf(agent.owner), agent.owner))}
      ${optional("On behalf of", request?.onBehalfOf)} ${optional("Concerns", request?.principalId)}
      ${row("Destination", html`<bdi>${sanitizeText(terms.destination)}</bdi>`)}
      ${optional("Action", terms.action === terms.destination ? null : terms.action)}
      ${optional("Declared tags", request?.sensitivityTags.join(", ") || null)}
      ${optional("Metadata", metadataOf(request))}
      ${row("Reason code", html`<span class="id">${terms.reasonCode}</span>`)}
      ${terms.policies.map(({ id, hash }) => row("Policy", html`<bdi>${sanitizeText(id)}</bdi> <span class="id">${hash}</span>`))}
      ${row("Intent", html`<span class="id">${terms.id}</span>`)}
      ${row("Intent digest", html`<span class="id">${terms.digest}</span>`)}
      ${terms.payloadDigest === null ? null : row("Payload's SHA-256", html`<span class="id">${terms.payloadDigest}</span>`)}
      ${row("Evidence", html`<a href="/v1/intents/${terms.id}/evidence" download>Download the evidence</a> <span class="dim">to check it offline: <code>zehrava-gate ledger verify</code></span>`)}
    </dl>
    ${decision === null ? null : trace(decision.trace, isPayloadVisible)}
  </section>`;
}

function metadataOf(request: CaseRecord["request"]): string | null {
  if (request === null || Object.keys(request.metadata).length === 0) return null;
  const text = JSON.stringify(request.metadata);
  return text.length > MAX_METADATA_CHARACTERS ? `${text.slice(0, MAX_METADATA_CHARACTERS)} …` : text;
}

/** A finding can quote the payload, so only its readers see that column. */
function trace(steps: readonly TraceStep[], isPayloadVisible: boolean): Markup {
  return html`<details>
    <summary>Every evaluated rule (${steps.length})</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Every evaluated rule">
      <table>
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">Result</th>
            <th scope="col">Saw</th>
            <th scope="col">Policy</th>
          </tr>
        </thead>
        <tbody>
          ${steps.slice(0, MAX_STEPS).map(
            ({ policy, rule, line, seen, outcome }) =>
              html`<tr>
                <td>
                  ${sanitizeText(rule)}${line === null ? null : html` <span class="dim">line ${line}</span>`}
                </td>
                <td>${outcome}</td>
                <td>${seen === null || !isPayloadVisible ? null : sanitizeText(seen)}</td>
                <td>${sanitizeText(policy)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${steps.length > MAX_STEPS ? html`<p>${steps.length - MAX_STEPS} more: the API's decision has them all.</p>` : null}
  </details>`;
}
