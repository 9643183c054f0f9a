import type { Assurance } from "./assurance.ts";
import { isPrincipalId, type Principal } from "./principal.ts";
import type { Registry } from "../registry/registry.ts";
import type { Voter } from "./voter.ts";

/**
 * Everybody who may not decide an intent because it is theirs: the proposer, and whoever answers for it. Owners
 * are written as a person, an e-mail or a group; every way to name the same person is in the list.
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
    // Ids in the registry are lower case; an owner is written by hand.
    const group = registry.groups.get(plain(proposer.owner));
    if (group === undefined) addPerson(handles, proposer.owner, registry);
    else for (const member of group) addPerson(handles, member, registry);
  }
  return [...handles].toSorted();
}

/** The person behind a reviewer's credential, with every name an exclusion could know them by. */
export function voterOf(principal: Principal, assurance: Assurance, registry: Registry): Voter {
  const person = personOf(principal, registry);
  const handles = new Set([plain(principal.id), plain(principal.name)]);
  addPerson(handles, person, registry);
  const groups = [...registry.groups].filter(([, members]) => members.has(person)).map(([id]) => id);
  const { id } = principal;
  return { principal: id, person, acting: person, handles: [...handles], groups, assurance, mandate: null };
}

/**
 * One id for one human, however their keys were registered: `Ana`, `ana` and `ana@example.com` are one vote. A
 * display name is no identity, so it leads to nobody here.
 */
function personOf({ id, person }: Principal, registry: Registry): string {
  return person === null || person === id ? id : personCalled(person, registry);
}

/** The id of the person whose id or e-mail address this is; what names nobody in the registry names itself. */
export function personCalled(person: string, registry: Registry): string {
  const written = plain(person);
  if (registry.people.has(written)) return written;
  for (const known of registry.people.values()) if (known.email === written) return known.id;
  // A key without a person is one by its id, and ids differ by case.
  return isPrincipalId(person.trim()) ? person.trim() : written;
}

/** Excluding errs on the side of too many: here a display name leads to everybody who has it. */
function addPerson(handles: Set<string>, handle: string, registry: Registry): void {
  const written = plain(handle);
  handles.add(written);
  for (const { id, email, name } of registry.people.values()) {
    if (![id, email, name].some((known) => known !== null && plain(known) === written)) continue;
    handles.add(plain(id));
    if (email !== null) handles.add(plain(email));
  }
}

function plain(handle: string): string {
  return handle.trim().toLowerCase();
}
