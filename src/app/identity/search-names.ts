import { isHuman, nameKey, type Principal } from "../../core/identity/principal.ts";
import type { IntentSearch } from "../../ports/intent-index.ts";
import type { Ports } from "../../ports/ports.ts";

/** Programs don't search by people: they could try out names of the registry. */
export async function searchFor(
  text: string,
  reader: Principal,
  { rules }: Pick<Ports, "rules">,
): Promise<IntentSearch> {
  const folded = foldedName(text);
  if (!isHuman(reader)) return { text, folded, people: null };
  const { people } = (await rules.current()).registry;
  const found = [...people.values()].filter(({ name }) => foldedName(name).includes(folded));
  return { text, folded, people: found.map(({ id }) => id) };
}

/** Reserved names have no key, and may be part of one. */
function foldedName(name: string): string {
  return nameKey(name) ?? name.toLowerCase();
}
