import { DECIDED_PHASES, phasesOf, type Phase } from "../../../core/intent/phase.ts";
import { readCursor } from "../../../core/intent/list-cursor.ts";
import { listScope } from "../../../app/authority.ts";
import { searchFor } from "../../../app/identity/search-names.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { GateContext } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import type { IntentFilter } from "../../../ports/intent-index.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_SEARCH_CHARS = 128;

/** The filter of a list request, within what the caller may see. */
export async function listFilter(c: GateContext): Promise<IntentFilter> {
  const ports = c.env;
  const { agent, destinations } = await listScope(c.var.principal, ports);
  const destination = named(c, "destination");
  const namedAgent = named(c, "agent") ?? named(c, "agent_id");
  return {
    phases: phases(once(c, "status") ?? once(c, "state")),
    agent: agent ?? namedAgent,
    destinations:
      destination === null
        ? destinations
        : (destinations ?? [destination]).filter((name) => name === destination),
    policy: named(c, "policy") ?? named(c, "policy_id"),
    person: named(c, "person"),
    day: day(named(c, "day")),
    search: await search(c, named(c, "q")),
    group: named(c, "group"),
    since: time(c, "since"),
    until: time(c, "until"),
    after: cursor(once(c, "after")),
    limit: limit(once(c, "limit")),
  };
}

/** A list has one value of each filter: the first of two would hide what the second asks for. */
function once(c: GateContext, name: string): string | undefined {
  const values = c.req.queries(name) ?? [];
  return values.length > 1
    ? invalid(`${name}: named ${values.length} times, and takes one value`)
    : values[0];
}

/** Null where it is absent, or an empty box of a form. */
function named(c: GateContext, name: string): string | null {
  const text = once(c, name)?.trim() ?? "";
  return text === "" ? null : text;
}

async function search(c: GateContext, text: string | null): Promise<IntentFilter["search"]> {
  if (text === null) return null;
  if (text.length > MAX_SEARCH_CHARS) invalid(`q: at most ${MAX_SEARCH_CHARS} characters`);
  return searchFor(text, c.var.principal, c.env);
}

function day(text: string | null): string | null {
  if (text === null) return null;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  // `Date.parse` takes the 30th of February for the 2nd of March.
  const isDay = !Number.isNaN(at) && iso(at).startsWith(text);
  return isDay ? text : invalid("day: a day in UTC, such as 2026-12-01");
}

function phases(words: string | undefined): readonly Phase[] | null {
  if (words === undefined || words === "" || words === "all") return null;
  const found = words.split(",").flatMap((word) => {
    const some = word.trim() === "decided" ? DECIDED_PHASES : phasesOf(word.trim());
    return some.length > 0 ? some : invalid(`status: there is no status or state "${word.slice(0, 40)}"`);
  });
  // Without duplicates: D1 binds at most a hundred values.
  return [...new Set(found)];
}

function limit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return number >= 1 ? Math.min(number, MAX_LIMIT) : invalid(`limit: a whole number from 1 to ${MAX_LIMIT}`);
}

/** `Date.parse` alone accepts ambiguous texts, such as `-1` for the year 2001. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Milliseconds since the epoch, from 1973 on: a shorter number is a year or seconds. */
const MILLISECONDS = /^(?:0|[1-9]\d{11,14})$/;

function time(c: GateContext, name: "since" | "until"): number | null {
  const text = named(c, name);
  if (text === null) return null;
  const at = MILLISECONDS.test(text) ? Number(text) : ISO_8601.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? invalid(`${name}: an ISO 8601 time, or milliseconds since the epoch`) : at;
}

function cursor(text: string | undefined): IntentFilter["after"] {
  if (text === undefined) return null;
  return readCursor(text) ?? invalid("after: not a cursor of this list");
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}
