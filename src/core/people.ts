import type { ApprovalRequirements } from "./decision.ts";
import type { Assurance } from "./intent/state.ts";
import type { Voter } from "./intent/command.ts";
import type { Principal } from "./principal.ts";
import type { Registry } from "./registry.ts";

/**
 * Everybody who may not decide an intent because it is theirs: the proposer, and whoever answers for it. Owners
 * are written as a person, an e-mail or a group; every way to name the same person is in the list.
 */
export function excludedHandles(
  proposer: Principal,
  approval: ApprovalRequirements,
  registry: Registry,
): readonly string[] {
  const handles = new Set<string>();
  if (approval.excludeProposer) {
    for (const handle of [proposer.id, proposer.person])
      if (handle !== null) addPerson(handles, handle, registry);
  }
  if (approval.excludeOwner && proposer.owner !== null) {
    const group = registry.groups.get(proposer.owner);
    if (group === undefined) addPerson(handles, proposer.owner, registry);
    else for (const member of group) addPerson(handles, member, registry);
  }
  return [...handles].toSorted();
}

/** The person behind a reviewer's credential, with every name an exclusion could know them by. */
export function voterOf(principal: Principal, assurance: Assurance, registry: Registry): Voter {
  const person = principal.person ?? principal.id;
  const handles = new Set([principal.id.toLowerCase(), principal.name.toLowerCase()]);
  addPerson(handles, person, registry);
  const groups = [...registry.groups].filter(([, members]) => members.has(person)).map(([id]) => id);
  return { principal: principal.id, person, handles: [...handles], groups, assurance };
}

function addPerson(handles: Set<string>, handle: string, registry: Registry): void {
  const lower = handle.toLowerCase();
  handles.add(lower);
  for (const { id, email, name } of registry.people.values()) {
    if ([id, email, name].some((known) => known?.toLowerCase() === lower)) {
      handles.add(id.toLowerCase());
      if (email !== null) handles.add(email.toLowerCase());
    }
  }
}
