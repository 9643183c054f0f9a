import { listAllows } from "../../core/registry/name-patterns.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel, Registry } from "../../core/registry/registry.ts";

/** A channel, and the person where it tells people one by one. */
export interface Recipient {
  readonly channel: string;
  readonly person: string | null;
}

export type RecipientRegistry = Pick<Registry, "channels" | "people" | "groups">;

/** One message for each of them: more than that is no approval any more. */
const MAX_PERSONS = 200;

/** Everybody who is told that an intent waits: who may decide it, where the registry says that they are reached. */
export function recipientsOf({ terms }: IntentState, registry: RecipientRegistry): readonly Recipient[] {
  const approvers = [...terms.approval.groups, ...terms.approval.people];
  return channelsFor(terms.destination, registry).flatMap((channel) => {
    if (!isFor(channel, approvers, registry)) return [];
    const eligible = peopleOf(approvers, registry).filter((id) =>
      peopleOf(channel.for, registry).includes(id),
    );
    return recipientsIn(channel, eligible, terms.excluded, registry);
  });
}

/** Where somebody is told whom an escalation names. */
export function escalationRecipients(
  { terms }: IntentState,
  to: string,
  registry: RecipientRegistry,
): readonly Recipient[] {
  const channels = channelsFor(terms.destination, registry);
  const shared = channels.filter((channel) => !isPersonal(channel));
  const theirs = shared.filter((channel) => channel.for.includes(to));
  const addressed = theirs.length > 0 ? theirs : shared.filter((channel) => channel.for.length === 0);
  const personal = channels.filter((channel) => {
    return isPersonal(channel) && (channel.for.length === 0 || channel.for.includes(to));
  });
  return [...addressed, ...personal].flatMap((channel) =>
    recipientsIn(channel, peopleOf([to], registry), terms.excluded, registry),
  );
}

function channelsFor(destination: string, { channels }: RecipientRegistry): readonly Channel[] {
  return [...channels.values()].filter(({ destinations }) => {
    return destinations.length === 0 || listAllows(destinations, destination);
  });
}

/** Is anybody who is told there asked? An empty list names everybody. */
function isFor(channel: Channel, approvers: readonly string[], registry: RecipientRegistry): boolean {
  if (channel.for.length === 0 || approvers.length === 0) return true;
  if (channel.for.some((each) => approvers.includes(each))) return true;
  const channels = peopleOf(channel.for, registry);
  return peopleOf(approvers, registry).some((id) => channels.includes(id));
}

/** Mail and providers reach one person; a channel of a chat or a program is one place for all of them. */
function isPersonal({ kind }: Channel): boolean {
  return kind === "email" || kind === "a2h";
}

function recipientsIn(
  channel: Channel,
  people: readonly string[],
  excluded: readonly string[],
  registry: RecipientRegistry,
): readonly Recipient[] {
  if (!isPersonal(channel)) return [{ channel: channel.id, person: null }];
  return people
    .filter((id) => {
      const email = registry.people.get(id)?.email ?? null;
      // Whoever may not decide it is not asked to.
      if (excluded.includes(id.toLowerCase()) || (email !== null && excluded.includes(email))) return false;
      return channel.kind !== "email" || email !== null;
    })
    .slice(0, MAX_PERSONS)
    .map((person) => ({ channel: channel.id, person }));
}

/** The people that groups and people stand for; an empty list stands for all there are. */
function peopleOf(written: readonly string[], { people, groups }: RecipientRegistry): readonly string[] {
  if (written.length === 0) return [...people.keys()];
  const ids = written.flatMap((each) => [...(groups.get(each) ?? [each])]);
  return [...new Set(ids)].filter((id) => people.has(id));
}
