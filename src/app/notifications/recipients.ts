import { listAllows } from "../../core/registry/name-patterns.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel, Registry } from "../../core/registry/registry.ts";

/** A channel; and the person, where the channel notifies people one by one. */
export interface Recipient {
  readonly channel: string;
  readonly person: string | null;
}

export type RecipientRegistry = Pick<Registry, "channels" | "people" | "groups">;

/** Bounds the messages of one intent on a personal channel. */
const MAX_PERSONS = 200;

/** The recipients of a held intent's notification: eligible approvers, on the channels the registry assigns them. */
export function recipientsOf({ terms }: IntentState, registry: RecipientRegistry): readonly Recipient[] {
  const approvers = [...terms.approval.groups, ...terms.approval.people];
  return channelsFor(terms.destination, registry).flatMap((channel) => {
    if (!reaches(channel, approvers, registry)) return [];
    const eligible = peopleOf(approvers, registry).filter((id) =>
      peopleOf(channel.for, registry).includes(id),
    );
    return recipientsIn(channel, eligible, terms.excluded, registry);
  });
}

/** The recipients for the group or person that an escalation names. */
export function escalationRecipients(
  { terms }: IntentState,
  to: string,
  registry: RecipientRegistry,
): readonly Recipient[] {
  const channels = channelsFor(terms.destination, registry);
  const shared = channels.filter((channel) => !isPersonal(channel));
  const assigned = shared.filter((channel) => channel.for.includes(to));
  const addressed = assigned.length > 0 ? assigned : shared.filter((channel) => channel.for.length === 0);
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

/** Does the channel reach any of the approvers? An empty list means everyone. */
function reaches(channel: Channel, approvers: readonly string[], registry: RecipientRegistry): boolean {
  if (channel.for.length === 0 || approvers.length === 0) return true;
  if (channel.for.some((each) => approvers.includes(each))) return true;
  const channels = peopleOf(channel.for, registry);
  return peopleOf(approvers, registry).some((id) => channels.includes(id));
}

/** E-mail and approval providers reach one person; a chat channel or a program is shared by all. */
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
      // A person excluded from voting gets no request to vote.
      if (excluded.includes(id.toLowerCase()) || (email !== null && excluded.includes(email))) return false;
      return channel.kind !== "email" || email !== null;
    })
    .slice(0, MAX_PERSONS)
    .map((person) => ({ channel: channel.id, person }));
}

/** Expands group and person ids to person ids; an empty list means every person. */
function peopleOf(names: readonly string[], { people, groups }: RecipientRegistry): readonly string[] {
  if (names.length === 0) return [...people.keys()];
  const ids = names.flatMap((each) => [...(groups.get(each) ?? [each])]);
  return [...new Set(ids)].filter((id) => people.has(id));
}
