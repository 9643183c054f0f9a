import { logLine } from "../../core/base/log-line.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Authenticated } from "../identity/authenticate.ts";
import type { VotePorts } from "./decide-intent.ts";
import { voteAsCaller, type CallerVote, type CallerVoteFailure } from "./vote-as-caller.ts";

/** Concurrent votes: the objects run in parallel, but a request has six open connections. */
const MAX_CONCURRENT = 6;

export interface OneOfSeveral {
  readonly id: string;
  readonly vote: CallerVote;
}

/** What became of one vote. */
export type VoteResult =
  | { readonly kind: "cast"; readonly state: IntentState }
  | { readonly kind: "refused"; readonly failure: CallerVoteFailure }
  | { readonly kind: "not_found" }
  /** The list names the intent before: only the first vote counts. */
  | { readonly kind: "named_twice" }
  /** Whether it was cast is not known; the intent's state shows it. */
  | { readonly kind: "unknown" };

/** Casts each vote by itself, so that one that is refused leaves the others; results are in the order of the votes. */
export async function voteOnSeveral(
  caller: Authenticated,
  votes: readonly OneOfSeveral[],
  ports: VotePorts & Pick<Ports, "intents">,
): Promise<readonly VoteResult[]> {
  const firsts = new Map(votes.map(({ id }, at) => [id, at] as const).toReversed());
  return mapConcurrently(votes, (one, at) =>
    firsts.get(one.id) === at ? castOne(caller, one, ports) : { kind: "named_twice" },
  );
}

async function castOne(
  caller: Authenticated,
  { id, vote }: OneOfSeveral,
  ports: VotePorts & Pick<Ports, "intents">,
): Promise<VoteResult> {
  try {
    const intent = ports.intents.find(id);
    if (intent === null) return { kind: "not_found" };
    // A batch takes seconds: whoever is suspended, or has their key rotated, during it casts no further vote.
    const principal = await ports.principals.get(caller.principal.id);
    if (principal?.status !== "active" || principal.keyEpoch !== caller.principal.keyEpoch) {
      return { kind: "refused", failure: { kind: "not_reviewer" } };
    }
    const voted = await voteAsCaller({ ...caller, principal }, intent, vote, ports, Date.now());
    return voted.ok ? { kind: "cast", state: voted.value } : { kind: "refused", failure: voted.error };
  } catch (error) {
    console.error(logLine("approval_batch_item_failed", { intent: id, error: String(error) }));
    return { kind: "unknown" };
  }
}

/** Results in the order of the items, with at most `MAX_CONCURRENT` running at any time. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  run: (item: T, at: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [at, item] of entries) results[at] = await run(item, at);
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, work));
  return results;
}
