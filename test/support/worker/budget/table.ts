import performance from "../../../../docs/performance.md?raw";
import type { Cost } from "./operations.ts";

/* The table of docs/performance.md that says what a request may cost. */

/** Its first line, and then the rows up to an empty line. */
const TABLE = /^\| request \| reads .*\n\|-.*\n((?:\|.*\n)+)/m;

/** Its columns behind the request's name. Behind them is the goal, which is for people. */
const COLUMNS = [
  "reads",
  "sequence",
  "writes",
  "statements",
  "calls",
  "commits",
  "records",
  "alarms",
  "messages",
] as const satisfies readonly (keyof Cost)[];

/** @throws for a row that lacks a column: it would allow anything */
export function budgets(): ReadonlyMap<string, Cost> {
  const rows = TABLE.exec(performance)?.[1]?.trimEnd().split("\n") ?? [];
  return new Map(rows.map(budgetOf));
}

function budgetOf(row: string): [string, Cost] {
  const [name = "", ...cells] = row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
  if (cells.length !== COLUMNS.length + 1) throw new Error(`not ${COLUMNS.length + 1} columns: ${row}`);
  return [name, Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]])) as unknown as Cost];
}

/** As it is to be written into the table, without the goal. */
export function rowOf(name: string, cost: Cost): string {
  return `| ${[name, ...COLUMNS.map((column) => cost[column])].join(" | ")} |`;
}
