import { isHuman, isPrincipalId, type Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";

/** What people call those behind ids: of people as `gate.yaml` writes it, of principals as they were registered. */
export type Names = Readonly<Record<string, string>>;

/** Names of these ids, as far as the reader may look them up. An id without a name is absent. */
export async function namesOf(
  ids: Iterable<string | null>,
  reader: Principal,
  { rules, principals }: Pick<Ports, "rules" | "principals">,
): Promise<Names> {
  const wanted = new Set([...ids].filter((id) => id !== null));
  if (!isHuman(reader)) return wanted.has(reader.id) ? { [reader.id]: reader.name } : {};
  const { people } = (await rules.current()).registry;
  const known = await principals.names([...wanted].filter(isPrincipalId));
  return Object.fromEntries(
    [...wanted].flatMap((id) => {
      const name = people.get(id)?.name ?? known.get(id);
      return name === undefined ? [] : [[id, name] as const];
    }),
  );
}
