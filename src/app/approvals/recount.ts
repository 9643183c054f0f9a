import type { VoterStanding } from "../../core/intent/command.ts";
import { isStillApproved, type Recount } from "../../core/intent/lapsed-approval.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState, RecordedVote } from "../../core/intent/state.ts";
import { excludedHandles, groupsOf, handlesOf } from "../../core/identity/people.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { grantorOf, type GrantorPorts } from "./mandate-grantor.ts";

export type RecountPorts = Pick<Ports, "mandates" | "roster"> & GrantorPorts;

/**
 * Counts the votes again before a write begins: between the last vote and the order a voter may have left the group,
 * `gate.yaml` or Gate. Null: the approval holds; else the intent waits again.
 */
export async function approvalLapse(
  intent: Intent,
  state: IntentState,
  ports: RecountPorts,
): Promise<Refusal | null> {
  const { phase, votes, terms } = state;
  if (phase !== "approved" || votes.length === 0) return null;
  const [proposer, { registry }] = await Promise.all([
    ports.principals.get(terms.agent),
    ports.rules.current(),
  ]);
  const excluded = proposer === null ? [] : excludedHandles(proposer, terms.approval, registry);
  const found = await recountOf(state, excluded, ports);
  if (isStillApproved(state, found)) return null;
  await intent.handle({ type: "recount", digest: terms.digest, ...found });
  return { reason: "approval_lapsed" };
}

/** @param excluded handles of the proposer and its owner under the registry in force */
export async function recountOf(
  { votes }: IntentState,
  excluded: readonly string[],
  ports: RecountPorts,
): Promise<Recount> {
  const [lapsed, { registry }] = await Promise.all([invalidatedVotes(votes, ports), ports.rules.current()]);
  return { lapsed, standings: standingsOf(votes, excluded, registry) };
}

/** The earlier voters as of now: gate.yaml may have taken them out of a group, or made them the agent's owner. */
function standingsOf(
  votes: readonly RecordedVote[],
  excluded: readonly string[],
  registry: Registry,
): readonly VoterStanding[] {
  return votes.map(({ person, acting }) => ({
    person,
    acting,
    groups: groupsOf(person, registry),
    isExcluded: [person, acting].some((each) =>
      handlesOf(each, registry).some((handle) => excluded.includes(handle)),
    ),
  }));
}

/**
 * Ids of the principals and mandates of earlier votes that may vote no longer: those votes stop counting. A mandate also
 * lapses with its grantor's principal, which under a delegation is not the voter's.
 */
async function invalidatedVotes(
  votes: readonly RecordedVote[],
  ports: RecountPorts,
): Promise<readonly string[]> {
  const lapsed = await Promise.all(
    votes.map(async (vote) => {
      const principals = (await mayStillVote(vote, ports)) ? [] : [vote.principal];
      if (vote.mandate === null) return principals;
      const mandate = await ports.mandates.find(vote.mandate);
      const isValid =
        mandate !== null && mandate.revokedAt === null && (await grantorOf(mandate, ports)) !== null;
      return isValid ? principals : [...principals, vote.mandate];
    }),
  );
  return lapsed.flat();
}

/**
 * May the principal of an earlier vote still vote? A linked identity may while the registry lists its person, who has
 * not left it since. The vote's assurance does not tell: a delegate's is the weaker of two, and may be that of a key.
 */
async function mayStillVote(
  { principal, acting, assurance, at }: RecordedVote,
  { principals, linkedIdentities, rules, roster }: RecountPorts,
): Promise<boolean> {
  const [voter, link, { registry }] = await Promise.all([
    principals.get(principal),
    linkedIdentities.linkOf(principal),
    rules.current(),
  ]);
  if (voter?.status !== "active" || voter.role !== "reviewer") return false;
  if (link === null && assurance === "key") return true;
  if (!registry.people.has(acting)) return false;
  const { lastAt } = await roster.departuresOf(acting);
  return lastAt === null || lastAt < at;
}
