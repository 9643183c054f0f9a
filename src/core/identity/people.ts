import type { Assurance } from "./assurance.ts";
import { isPrincipalId, type Principal } from "./principal.ts";
import type { Registry } from "../registry/registry.ts";
import type { Voter } from "./voter.ts";

/**
 * Handles of the persons excluded from voting on an intent: the proposer and its owner. An owner is written as a
 * person, an e-mail or a group; every handle of the same person is in the list.
 */
export function excludedHandles(
  proposer: Principal,
  approval: { readonly excludeProposer: boolean; readonly excludeOwner: boolean },
  registry: Registry,
): readonly string[] {
  const handles = new Set<string>();
  if (approval.excludeProposer) {
    addPerson(handles, proposer.id, registry);
    if (proposer.person !== null) addPerson(handles, proposer.person, registry);
  }
  if (approval.excludeOwner && proposer.owner !== null) {
    // Ids in the registry are lower case; an operator may have written the owner in any case.
    const group = registry.groups.get(normalized(proposer.owner));
    if (group === undefined) addPerson(handles, proposer.owner, registry);
    else for (const member of group) addPerson(handles, member, registry);
  }
  return [...handles].toSorted();
}

/** The person behind a reviewer's principal, with every handle that an exclusion could use for them. */
export function voterOf(principal: Principal, assurance: Assurance, registry: Registry): Voter {
  const person = personOf(principal, registry);
  const handles = new Set([normalized(principal.id), normalized(principal.name)]);
  addPerson(handles, person, registry);
  const groups = groupsOf(person, registry);
  const { id } = principal;
  return { principal: id, person, acting: person, handles: [...handles], groups, assurance, mandate: null };
}

export function groupsOf(person: string, { groups }: Pick<Registry, "groups">): readonly string[] {
  return [...groups].filter(([, members]) => members.has(person)).map(([id]) => id);
}

/**
 * One id for one human, however an admin registered their keys: `Ana`, `ana` and `ana@example.com` are one vote. A
 * display name is not an identity, so it resolves to no person here.
 */
function personOf({ id, person }: Principal, registry: Registry): string {
  return person === null || person === id ? id : personCalled(person, registry);
}

/** Resolves an id or e-mail address to a person's id; a text that names no person of the registry stays itself. */
export function personCalled(person: string, registry: Registry): string {
  const handleKey = normalized(person);
  if (registry.people.has(handleKey)) return handleKey;
  for (const known of registry.people.values()) if (known.email === handleKey) return known.id;
  // A principal without a person counts as one under its own id, and those ids are case-sensitive.
  return isPrincipalId(person.trim()) ? person.trim() : handleKey;
}

/** Every handle by which a person is excluded. */
export function handlesOf(person: string, registry: Registry): readonly string[] {
  const handles = new Set<string>();
  addPerson(handles, person, registry);
  return [...handles];
}

/** Exclusion fails closed: here a display name resolves to every person who has it. */
function addPerson(handles: Set<string>, handle: string, registry: Registry): void {
  const handleKey = normalized(handle);
  handles.add(handleKey);
  for (const { id, email, name } of registry.people.values()) {
    if (![id, email, name].some((known) => known !== null && normalized(known) === handleKey)) continue;
    handles.add(normalized(id));
    if (email !== null) handles.add(normalized(email));
  }
}

function normalized(handle: string): string {
  return handle.trim().toLowerCase();
}
