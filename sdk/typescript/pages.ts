import type { Answer, IntentRow } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import { GateError } from "./gate-error.ts";
import { knownOptions } from "./names.ts";
import type { ApprovalListOptions, ListOptions } from "./options.ts";
import { queryOf } from "./paths.ts";
import { namesIn } from "./option-names.ts";

const OPTIONS = {
  intents: namesIn("status destination policy agent person day q since until limit after"),
  /** What waits for people. */
  approvals: namesIn("group mine agent destination policy limit after"),
} as const;

export type Listed = keyof typeof OPTIONS;

/** One page of a list. */
export function pageOf(
  at: Connection,
  listed: Listed,
  options: ListOptions | ApprovalListOptions,
  call: CallOptions,
): Promise<Answer> {
  const path = `/v1/${listed}${queryOf(knownOptions<string>(options, OPTIONS[listed]))}`;
  return at.send({ ...call, method: "GET", path, as: listed === "intents" ? "agent" : "reviewer" });
}

/** Every row of a list, page after page; a page is read when its first row is asked for. */
export async function* rows(
  at: Connection,
  listed: Listed,
  options: ListOptions | ApprovalListOptions,
  call: CallOptions,
): AsyncGenerator<IntentRow, void, undefined> {
  let { after } = options;
  for (;;) {
    const page = await pageOf(at, listed, after === undefined ? options : { ...options, after }, call);
    const { [listed]: list, next = null } = page;
    // A cursor that stands still would read one page for ever.
    const isPage = Array.isArray(list) && (next === null || typeof next === "string") && next !== after;
    if (!isPage) {
      throw new GateError(`the server returned no page of ${listed}`, {
        code: "invalid_response",
        body: page,
      });
    }
    // A page may have no row and a next one: the server looked at as many intents as it may.
    yield* list as readonly IntentRow[];
    if (next === null) return;
    after = next;
  }
}
