import { html } from "hono/html";
import type { TraceStep } from "../../../core/policy/decision.ts";
import { unknownFacts } from "../../../core/proposal/doubt.ts";
import { effectiveValueCents } from "../../../core/policy/risk.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Principal } from "../../../core/identity/principal.ts";
import type { storedContent } from "../../api/shared/stored-record.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { dollars } from "../format.ts";

type CaseRecord = ReturnType<typeof storedContent>;

/** Free metadata matters little for a decision and can be long; auditors read all of it in the API's decision. */
const MAX_METADATA_CHARACTERS = 4096;

/** The proposal: agent, owner, action, destination and measured facts. */
export function requestSection(
  { terms }: IntentState,
  { request, decision }: CaseRecord,
  agent: Principal | null,
): Markup {
  return html`<section>
    <h2>The request</h2>
    <dl>
      ${row("Agent", html`${sanitizeText(agent?.name ?? terms.agent)} <span class="dim mono">${terms.agent}</span>`)}
      ${terms.editor === null ? null : row("Payload written by", sanitizeText(terms.editor))}
      ${row("Owner", sanitizeText(agent?.owner ?? "none"))} ${optional("On behalf of", request?.onBehalfOf)}
      ${optional("Concerns", request?.principalId)} ${row("Action", sanitizeText(terms.action))}
      ${row("Destination", sanitizeText(terms.destination))}
      ${row("Records", recordsOf(terms.records, decision))} ${row("Value", valueOf(decision))}
      ${unknownRows(decision)} ${row("Risk", riskOf(terms.risk))}
      ${optional("Declared tags", request?.sensitivityTags.join(", ") || null)}
      ${optional("Metadata", metadataOf(request))}
      ${row("Intent", html`<span class="mono">${terms.id}</span>`)}
      ${row("Digest", html`<span class="mono">${terms.digest}</span>`)}
    </dl>
  </section>`;
}

/** The reason code, and each rule's finding. A finding can quote the payload, so only its readers see that column. */
export function whySection(
  { terms }: IntentState,
  { decision }: CaseRecord,
  isPayloadVisible: boolean,
): Markup {
  return html`<section>
    <h2>Why it was held</h2>
    <p>
      ${sanitizeText(decision?.reason ?? "The decision was erased.")}
      <span class="dim mono">${terms.reasonCode}</span>
    </p>
    <dl>
      ${terms.policies.map(({ id, hash }) =>
        row(`Policy ${id}`, html`<span class="mono dim">${hash}</span>`),
      )}
    </dl>
    ${decision === null ? null : trace(decision.trace, isPayloadVisible)}
  </section>`;
}

function trace(steps: readonly TraceStep[], isPayloadVisible: boolean): Markup {
  return html`<details>
    <summary>Every evaluated rule</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Policy</th>
            <th>Rule</th>
            <th>Saw</th>
            <th>Result</th>
          </tr>
        </thead>
        <tbody>
          ${steps.map(
            ({ policy, rule, line, seen, outcome }) =>
              html`<tr>
                <td>${sanitizeText(policy)}</td>
                <td>
                  ${sanitizeText(rule)}${line === null ? null : html` <span class="dim">line ${line}</span>`}
                </td>
                <td>${seen === null || !isPayloadVisible ? null : sanitizeText(seen)}</td>
                <td>${outcome}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function recordsOf(effective: number | null, decision: CaseRecord["decision"]): string {
  const records = decision?.facts.records;
  const known = effective === null ? "unknown" : effective.toLocaleString("en-US");
  if (records === undefined) return known;
  const declared =
    records.declared === null ? "none declared" : `${records.declared.toLocaleString("en-US")} declared`;
  const seen =
    records.measured === null ? "none measured" : `${records.measured.toLocaleString("en-US")} measured`;
  return `${records.uncertain ? "unknown" : known} (${seen}, ${declared})`;
}

/** Why a fact is unknown, so that a reviewer knows what the receiver may read instead. */
function unknownRows(decision: CaseRecord["decision"]): readonly Markup[] {
  return unknownFacts(decision?.facts.doubts).map(({ fact, text }) => row(`Unknown ${fact}`, text));
}

function valueOf(decision: CaseRecord["decision"]): string {
  if (decision === null) return "erased";
  const { valueUsdCents, totals, money } = decision.facts;
  const cents = effectiveValueCents(decision.facts);
  const known = cents === null ? "unknown" : dollars(cents);
  const { declared, measured } = valueUsdCents;
  const parts = [
    measured === null ? "none measured" : `${dollars(measured)} measured`,
    declared === null ? "none declared" : `${dollars(declared)} declared`,
    ...(money === "incomplete" ? ["some amounts can't be read"] : []),
    ...totals
      .filter(({ currency }) => currency !== "USD")
      .map(
        ({ currency, minor }) =>
          `${sanitizeText(currency)} ${minor.toLocaleString("en-US")} in its smallest unit`,
      ),
  ];
  return `${known} (${parts.join(", ")})`;
}

function riskOf({ score, level, factors }: IntentState["terms"]["risk"]): Markup {
  return html`<span class="tag ${level}">${level}</span> ${(score / 100).toFixed(2)}
    ${factors.length === 0 ? null : html`<span class="dim">${factors.map(codeText).join(", ")}</span>`}`;
}

function metadataOf(request: CaseRecord["request"]): string | null {
  if (request === null || Object.keys(request.metadata).length === 0) return null;
  const text = JSON.stringify(request.metadata);
  return text.length > MAX_METADATA_CHARACTERS ? `${text.slice(0, MAX_METADATA_CHARACTERS)} …` : text;
}

/** A risk factor's code with spaces. */
function codeText(code: string): string {
  return code.replaceAll("_", " ");
}

export function row(name: string, value: Markup | string): Markup {
  return html`<dt>${sanitizeText(name)}</dt>
    <dd>${value}</dd>`;
}

export function optional(name: string, value: string | null | undefined): Markup | null {
  return value === null || value === undefined ? null : row(name, sanitizeText(value));
}
