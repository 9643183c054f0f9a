import { namesOf as lookUp } from "../../app/identity/names.ts";
import type { GateContext } from "../middleware/context.ts";

/** The name of a person, principal or actor by its id; an id that nothing names stays itself. */
export type NameOf = (id: string) => string;

const FIXED: ReadonlyMap<string, string> = new Map([
  ["gate", "Gate"],
  ["policy", "policy"],
  ["timeout", "the policy's time limit"],
]);

/** Looks up the names of these ids: a person's in the registry, a principal's where it is registered. */
export async function namesOf(c: GateContext, ids: Iterable<string | null>): Promise<NameOf> {
  const names = await lookUp(ids, c.var.principal, c.env);
  return (id) => FIXED.get(id) ?? (Object.hasOwn(names, id) ? names[id] : undefined) ?? id;
}
