import type { IntentFilter } from "../../ports/intent-index.ts";

/** A filter that every intent passes; pages set what they filter by. */
export const ANY_INTENT = {
  phases: null,
  agent: null,
  destinations: null,
  policy: null,
  person: null,
  day: null,
  search: null,
  group: null,
  since: null,
  until: null,
  after: null,
} as const satisfies Omit<IntentFilter, "limit">;
