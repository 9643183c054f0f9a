import { ASSURANCE_RANK, type Assurance } from "../../core/identity/assurance.ts";
import type { Voter } from "../../core/identity/voter.ts";
import { placeOf } from "../../core/intent/list-cursor.ts";
import { requestedApproval, type RequestedApproval, type IntentRow } from "../../core/intent/read-model.ts";
import type { IntentFilter, IntentPage } from "../../ports/intent-index.ts";
import type { Ports } from "../../ports/ports.ts";

/** Pages of the index that one call reads; `next` is where the next call continues. */
const MAX_READS = 5;

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
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const { rows, next } = await index.page({ ...filter, after, limit: ROWS_PER_READ });
    for (const row of rows) {
      if (!admitsVoter(row, voter)) continue;
      found.push(row);
      // If no row follows, the next page is empty and has no cursor.
      if (found.length === filter.limit) return { rows: found, next: placeOf(row, filter.order) };
    }
    if (next === null) return { rows: found, next: null };
    after = next;
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
