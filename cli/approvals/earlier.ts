import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { MAX_COUNTED, type EarlierIntents } from "../../src/core/intent/earlier-intents.ts";
import { earlierFacts } from "../../src/core/presentation/earlier.ts";
import { member, numberMember } from "../../verifier/read-json.ts";
import { clipped } from "../sanitize-text.ts";

/** Which run of its kind and of its payload a case is, and what became of the earlier ones; null: the server says nothing. */
export function runsText(view: JsonObject): string | null {
  const seen = member(view, "seen_before");
  if (!isJsonObject(seen)) return null;
  const agent = earlierIn(seen, "agent");
  if (agent === null) return null;
  const facts = earlierFacts({ payload: earlierIn(seen, "payload"), shape: earlierIn(seen, "shape"), agent });
  return facts
    .map(({ label, value, note }) => clipped(`${label.toLowerCase()} ${value}, ${note}`, 200))
    .join("; ");
}

function earlierIn(seen: JsonObject, name: string): EarlierIntents | null {
  const view = member(seen, name);
  const count = isJsonObject(view) ? numberMember(view, "earlier") : null;
  if (!isJsonObject(view) || count === null || count > MAX_COUNTED) return null;
  const states = member(view, "states");
  const byPhase = Object.entries(isJsonObject(states) ? states : {}).flatMap(([phase, many]) =>
    typeof many === "number" ? [[phase, many] as const] : [],
  );
  return { count, isMore: member(view, "more") === true, byPhase: new Map(byPhase), recent: [] };
}
