import type { IntentRow } from "../intent/read-model.ts";
import type { IntentState } from "../intent/state.ts";
import type { Facts } from "../proposal/facts.ts";
import type { ProposalRequest } from "../proposal/request.ts";
import type { DescribedCase } from "./sentence.ts";

/**
 * A case for its sentence.
 *
 * @param facts null: they were erased, and what the intent's terms have of them is left
 */
export function describedCase(
  { terms, phase }: IntentState,
  facts: Facts | null,
  request: Pick<ProposalRequest, "http"> | null,
  agent: string,
): DescribedCase {
  return {
    agent,
    editor: terms.editor,
    phase,
    destination: terms.destination,
    method: request?.http?.method ?? null,
    records: terms.records,
    valueCents: terms.valueCents,
    hasFacts: facts !== null,
    totals: facts?.totals ?? [],
    recipients: facts?.recipients ?? null,
  };
}

/** A line of a list whose record can't be read: method, currencies and recipients are not known. */
export function describedRow(row: IntentRow, agent: string): DescribedCase {
  return {
    agent,
    editor: null,
    phase: row.phase,
    destination: row.destination,
    method: null,
    records: row.records,
    valueCents: row.value_cents,
    hasFacts: false,
    totals: [],
    recipients: null,
  };
}
