import type { GateContext } from "../../middleware/context.ts";
import { wrongField } from "./request-schema.ts";

/** A switch in the query. Only `true` and `false` are words for it: `dry_run=1` read as absent would be a proposal. */
export function queryFlag(c: GateContext, name: "dry_run" | "mine" | "seen_before", absent = false): boolean {
  const words = c.req.queries(name) ?? [];
  const [word = String(absent), ...more] = words;
  if (more.length === 0 && (word === "true" || word === "false")) return word === "true";
  return wrongField(`${name}: true or false, once`);
}
