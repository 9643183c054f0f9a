import { ASSURANCE_RANK, type Assurance } from "../../core/identity/assurance.ts";
import type { Voter } from "../../core/identity/voter.ts";
import { placeOf } from "../../core/intent/list-cursor.ts";
import { requestedApproval, type RequestedApproval, type IntentRow } from "../../core/intent/read-model.ts";
import type { IntentFilter, IntentPage } from "../../ports/intent-index.ts";
import type { Ports } from "../../ports/ports.ts";

/** Rows that one call reads from the index; `next` is where the next call continues. */
const MAX_SCANNED = 1_000;

const ROWS_PER_READ = 200;

/**
 * Pending intents whose indexed approval requirements this voter meets. The index does not store that an agent's owner
 * is excluded: the intent's object refuses that vote.
 */
export async function voterQueue(
  voter: Voter,
  filter: IntentFilter,
  { index }: Pick<Ports, "index">,
): Promise<IntentPage> {
  const found: IntentRow[] = [];
  let { after } = filter;
  for (let scanned = 0; scanned < MAX_SCANNED;) {
    const limit = Math.min(ROWS_PER_READ, MAX_SCANNED - scanned);
    const rows = await index.list({ ...filter, after, limit });
    for (const row of rows) {
      after = placeOf(row, filter.order);
      if (admitsVoter(row, voter)) found.push(row);
      // If no row follows, the next page is empty and has no cursor.
      if (found.length === filter.limit) return { rows: found, next: after };
    }
    if (rows.length < limit) return { rows: found, next: null };
    scanned += rows.length;
  }
  return { rows: found, next: after };
}

function admitsVoter(row: IntentRow, voter: Voter): boolean {
  const requirements = requirementsOf(row);
  if (requirements === null) return true;
  const { groups, people, min_assurance: required } = requirements;
  if (ASSURANCE_RANK[voter.assurance] < ASSURANCE_RANK[required as Assurance]) return false;
  if (groups.length === 0 && people.length === 0) return true;
  return people.includes(voter.person) || groups.some((group) => voter.groups.includes(group));
}

/** The approval requirements that the index stores with a row. */
export function requirementsOf({ approval }: Pick<IntentRow, "approval">): RequestedApproval | null {
  return requestedApproval(approval);
}
