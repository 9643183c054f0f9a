import { logLine } from "../../../core/base/log-line.ts";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import { describedCase, describedRow } from "../../../core/presentation/described.ts";
import type { DescribedCase } from "../../../core/presentation/sentence.ts";
import { mapConcurrently } from "../../../app/approvals/vote-on-several.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import { maySeePayload } from "../../../app/authority.ts";
import { textOf } from "../payload/payload-text.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import type { GateContext } from "../../middleware/context.ts";
import type { NameOf } from "../names.ts";

/** A line of the index with what only the intent's object has: its words, its payload's name, its digest. */
export interface CaseRow {
  readonly row: IntentRow;
  /** Null: it can't be read now, and the line shows what the index has. */
  readonly record: IntentRecord | null;
  readonly described: DescribedCase;
  readonly payloadName: string | null;
}

/** A larger payload is not read for a line of a list. */
const MAX_SAMPLED_BYTES = 16 * 1024;
const SAMPLE_CHARACTERS = 200;

/**
 * How the payload begins: alike cases differ in nothing else. Null: there is none, it is no text, or this reader may not
 * see it.
 */
export async function payloadSample(
  { env: ports, var: { principal } }: GateContext,
  shown: CaseRow,
): Promise<string | null> {
  const { row, record } = shown;
  const payload = record?.case?.payload;
  if (record === null || payload?.kind !== "content" || payload.bytes > MAX_SAMPLED_BYTES) return null;
  if (!(await maySeePayload(principal, record.state, ports))) return null;
  const bytes = (await ports.intents.find(row.id)?.payload()) ?? null;
  const text = bytes === null ? null : textOf(bytes);
  if (text === null) return null;
  const start = text.slice(0, SAMPLE_CHARACTERS);
  return text.length > SAMPLE_CHARACTERS ? `${start.toWellFormed()} …` : start;
}

/** Reads the records of one page of a list, so that its length bounds the work. */
export async function caseRows(
  c: GateContext,
  rows: readonly IntentRow[],
  nameOf: NameOf,
): Promise<readonly CaseRow[]> {
  return mapConcurrently(rows, async (row) => {
    const record = await recordOf(c, row.id);
    if (record === null) {
      return { row, record, described: describedRow(row, nameOf(row.agent_id)), payloadName: null };
    }
    const { request, decision, payload } = storedContent(record);
    return {
      row,
      record,
      described: describedCase(record.state, decision?.facts ?? null, request, nameOf(row.agent_id)),
      payloadName: payload?.name ?? null,
    };
  });
}

async function recordOf({ env }: GateContext, id: string): Promise<IntentRecord | null> {
  try {
    return (await env.intents.find(id)?.getRecord()) ?? null;
  } catch (error) {
    console.error(logLine("case_unreadable", { intent: id, error: String(error) }));
    return null;
  }
}
