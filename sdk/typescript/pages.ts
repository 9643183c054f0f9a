import type { Answer, IntentRow } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { ApiRequest, Connection } from "./connection.ts";
import { GateError } from "./gate-error.ts";
import { knownOptions } from "./names.ts";
import type { ApprovalListOptions, ListOptions } from "./options.ts";
import { queryOf } from "./paths.ts";
import { namesIn } from "./option-names.ts";

const LIST_OPTIONS = namesIn("status destination policy agent person day q since until limit after");
const QUEUE_OPTIONS = namesIn("group mine agent destination policy limit after");

/** One page of intents. */
export function intentsRequest(options: ListOptions, call: CallOptions): ApiRequest {
  return { ...call, method: "GET", path: `/v1/intents${queryOf(knownOptions(options, LIST_OPTIONS))}` };
}

/** One page of what waits for people. */
export function queueRequest(options: ApprovalListOptions, call: CallOptions): ApiRequest {
  const path = `/v1/approvals${queryOf(knownOptions(options, QUEUE_OPTIONS))}`;
  return { ...call, method: "GET", path, as: "reviewer" };
}

/** Every row of a list, page after page; a page is read when its first row is asked for. */
export async function* rows(
  at: Connection,
  member: "intents" | "approvals",
  pageAfter: (after: string | undefined) => ApiRequest,
): AsyncGenerator<IntentRow, void, undefined> {
  let after: string | undefined;
  for (;;) {
    const page: Answer = await at.send(pageAfter(after));
    const { [member]: list, next = null } = page;
    // A cursor that stands still would read one page for ever.
    const isPage = Array.isArray(list) && (next === null || typeof next === "string") && next !== after;
    if (!isPage) {
      throw new GateError(`the server returned no page of ${member}`, {
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
