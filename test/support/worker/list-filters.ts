import { DECIDED_PHASES, phasesOf, type Phase } from "../../../src/core/intent/phase.ts";
import { deadlineOf, type IntentRow, NO_DEADLINE } from "../../../src/core/intent/read-model.ts";
import { ANY_INTENT, type IntentFilter } from "../../../src/ports/intent-index.ts";

type Criterion = Partial<IntentFilter>;

const SEARCH = { folded: "crm", people: [] } as const;

/** What a list request can be filtered by, by the rows of `addRows`. */
export function criteria(day: string, middle: number): Readonly<Record<string, Criterion>> {
  return {
    "a busy agent": { agent: "agt_busy" },
    "a quiet agent": { agent: "agt_8" },
    "a busy destination": { destinations: ["crm.busy"] },
    "many destinations": { destinations: Array.from({ length: 20 }, (_, at) => `crm.d${at * 2 + 1}`) },
    policy: { policy: "policy-7" },
    person: { person: "ana" },
    day: { day },
    group: { group: "group-7" },
    "a text": { search: { text: "CRM.d7", ...SEARCH } },
    "a text that nothing has": { search: { text: "nowhere", ...SEARCH } },
    "an id's beginning": { search: { text: "int_9e3779", ...SEARCH } },
    times: { since: middle - 3_600_000_000, until: middle },
  };
}

const PHASES: Readonly<Record<string, readonly Phase[] | null>> = {
  all: null,
  waiting: ["pending_approval"],
  approved: ["approved"],
  blocked: phasesOf("blocked"),
  decided: DECIDED_PHASES,
};

export interface NamedFilter {
  readonly name: string;
  readonly filter: IntentFilter;
}

/** Each list with up to so many of the criteria; what waits in both orders. */
export function filtersWith(
  most: number,
  day: string,
  middle: number,
  limit: number,
): readonly NamedFilter[] {
  const all = Object.entries(criteria(day, middle));
  const subsets = (size: number, from: number): readonly (readonly [string, Criterion])[][] =>
    size === 0
      ? [[]]
      : all
          .slice(from)
          .flatMap((each, at) => subsets(size - 1, from + at + 1).map((rest) => [each, ...rest]));
  const sets = Array.from({ length: most + 1 }, (_, size) => subsets(size, 0)).flat();
  return Object.entries(PHASES).flatMap(([name, phases]) =>
    sets.filter(isOfDifferentFields).flatMap((set) => {
      const filter: IntentFilter = Object.assign(
        { ...ANY_INTENT, phases, limit },
        ...set.map(([, each]) => each),
      );
      const title = [name, ...set.map(([each]) => each)].join(", ");
      const soonest = { name: `${title}, soonest`, filter: { ...filter, order: "soonest" as const } };
      return name === "waiting" ? [{ name: title, filter }, soonest] : [{ name: title, filter }];
    }),
  );
}

function isOfDifferentFields(set: readonly (readonly [string, Criterion])[]): boolean {
  const fields = set.flatMap(([, each]) => Object.keys(each));
  return new Set(fields).size === fields.length;
}

/** What a list is, said without an index. */
export function naiveList(
  rows: readonly IntentRow[],
  daysOf: (id: string) => readonly string[],
  filter: IntentFilter,
): readonly string[] {
  const { phases, agent, destinations, policy, person, day, group, search, since, until, order } = filter;
  const has = (list: string, name: string) => (JSON.parse(list) as readonly string[]).includes(name);
  const at = (row: IntentRow) => (order === "soonest" ? (deadlineOf(row) ?? NO_DEADLINE) : -row.created_at);
  const direction = order === "soonest" ? 1 : -1;
  return rows
    .filter(
      (row) =>
        (phases?.includes(row.phase as Phase) ?? true) &&
        (agent ?? row.agent_id) === row.agent_id &&
        (destinations?.includes(row.destination) ?? true) &&
        (policy === null || has(row.policies, policy)) &&
        (person === null || has(row.people, person)) &&
        (day === null || daysOf(row.id).includes(day)) &&
        (group ?? row.group_key) === row.group_key &&
        (since ?? 0) <= row.created_at &&
        row.created_at < (until ?? Infinity) &&
        (search === null || isFound(row, search.text)),
    )
    .toSorted((one, other) => at(one) - at(other) || (one.id < other.id ? -direction : direction))
    .map(({ id }) => id);
}

function isFound(row: IntentRow, text: string): boolean {
  if (text.startsWith("int_")) return row.id.startsWith(text);
  const { destination, action, policy_id: policy, policies, reason_code: reason, people } = row;
  return [destination, action, policy, policies, reason, people].some((each) =>
    each.toLowerCase().includes(text.toLowerCase()),
  );
}
