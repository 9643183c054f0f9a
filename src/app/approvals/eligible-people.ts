import { eligibility } from "../../core/intent/approval.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { handlesOf } from "../../core/identity/people.ts";
import type { Registry } from "../../core/registry/registry.ts";

/** The people of the registry who may decide this intent and have not answered it, by their ids. */
export function eligiblePeople(state: IntentState, registry: Registry): readonly string[] {
  const answered = new Set(
    [...state.votes, ...state.rejections].flatMap(({ person, acting }) => [person, acting]),
  );
  return [...registry.people.keys()].filter((person) => {
    if (answered.has(person)) return false;
    const groups = [...registry.groups].filter(([, members]) => members.has(person)).map(([id]) => id);
    // At the strongest assurance: a person may sign in more strongly to decide.
    const voter = {
      principal: "",
      person,
      acting: person,
      handles: handlesOf(person, registry),
      groups,
      assurance: "passkey",
      mandate: null,
    } as const;
    return eligibility(state, voter) === null;
  });
}
