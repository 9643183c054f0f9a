import { isHuman, nameKey, type Principal } from "../../core/identity/principal.ts";
import type { IntentSearch } from "../../ports/intent-index.ts";
import type { Ports } from "../../ports/ports.ts";

/** Programs search by no names: they could try out those of people and of other principals. */
export async function searchFor(
  text: string,
  reader: Principal,
  { rules }: Pick<Ports, "rules">,
): Promise<IntentSearch> {
  if (!isHuman(reader)) return { text, folded: null, people: null };
  const folded = foldedName(text);
  const { people } = (await rules.current()).registry;
  const found = [...people.values()].filter(({ name }) => foldedName(name).includes(folded));
  return { text, folded, people: found.map(({ id }) => id) };
}

/** Reserved names have no key, and may be part of one. */
function foldedName(name: string): string {
  return nameKey(name) ?? name.toLowerCase();
}
