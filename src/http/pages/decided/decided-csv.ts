import { idsInRows } from "../../../core/intent/named-ids.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import type { GateContext } from "../../middleware/context.ts";
import { namesOf, type NameOf } from "../names.ts";
import { decidedFilter } from "./decided-page.ts";

/** A longer export is the ledger's. */
const MAX_ROWS = 1_000;

const HEAD = [
  "intent_id",
  "last_change",
  "proposed",
  "agent",
  "agent_id",
  "destination",
  "action",
  "policies",
  "state",
  "reason_code",
  "decided_by",
  "risk_level",
  "records",
  "value_usd",
] as const;

/** The list of what was decided as RFC 4180 CSV, at most its newest thousand. */
export async function decidedCsv(c: GateContext): Promise<Response> {
  const { rows } = await c.env.index.page({ ...(await decidedFilter(c)), limit: MAX_ROWS });
  const nameOf = await namesOf(c, idsInRows(rows));
  const lines = [HEAD, ...rows.map((row) => cellsOf(row, nameOf))].map((cells) =>
    cells.map(quoted).join(","),
  );
  return c.body(`${lines.join("\r\n")}\r\n`, 200, {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": 'attachment; filename="decided.csv"',
  });
}

function cellsOf(row: IntentRow, nameOf: NameOf): readonly string[] {
  return [
    row.id,
    iso(row.updated_at),
    iso(row.created_at),
    nameOf(row.agent_id),
    row.agent_id,
    row.destination,
    row.action,
    (JSON.parse(row.policies) as readonly string[]).join(" "),
    row.phase,
    row.reason_code,
    row.decided_by === null ? "" : nameOf(row.decided_by),
    row.risk_level,
    row.records === null ? "unknown" : String(row.records),
    row.value_cents === null ? "unknown" : (row.value_cents / 100).toFixed(2),
  ];
}

/** Spreadsheets calculate a cell that begins so: an agent's name would be a formula (CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

function quoted(cell: string): string {
  const plain = FORMULA.test(cell) ? `'${cell}` : cell;
  return `"${plain.replaceAll('"', '""')}"`;
}
