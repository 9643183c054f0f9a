import { logLine } from "../core/base/log-line.ts";
import type { SeenBefore } from "../core/intent/earlier-intents.ts";
import type { IntentTerms } from "../core/intent/state.ts";
import type { Principal } from "../core/identity/principal.ts";
import type { Ports } from "../ports/ports.ts";
import { listScope } from "./authority.ts";

/**
 * How many intents like this one came before it, among those that the reader may see. Null: the index can't be read. The
 * case itself is in its object, and is shown without.
 */
export async function seenBefore(
  terms: IntentTerms,
  reader: Principal,
  ports: Pick<Ports, "index" | "rules">,
): Promise<SeenBefore | null> {
  try {
    return await ports.index.seenBefore(terms, await listScope(reader, ports));
  } catch (error) {
    console.error(logLine("earlier_intents_unreadable", { intent: terms.id, error: String(error) }));
    return null;
  }
}
