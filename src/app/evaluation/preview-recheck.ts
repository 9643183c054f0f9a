import { isStale } from "../../core/intent/approval.ts";
import { isRecheckable } from "../../core/intent/recheck.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import type { Rules } from "../../core/policy/evaluate.ts";
import type { Ports } from "../../ports/ports.ts";
import { evaluateAgain, type RecheckPorts } from "./recheck-intent.ts";
import { waitingIntents } from "./waiting-intents.ts";

/** Each case is read from its object, and its payload measured: a call stays well below the platform's limits. */
const PAGE = 50;

export interface PreviewedCase {
  readonly id: string;
  readonly state: "pending_approval" | "approved";
  /**
   * `held`: it waits on for people, or again. `blocked`: nobody can approve it. `approved`: policy alone approved it, and
   * would again.
   */
  readonly becomes: "held" | "blocked" | "approved";
  readonly reasonCode: string;
}

export interface Preview {
  /** Cases that were looked at. */
  readonly checked: number;
  /** Those of them that these rules evaluate again. */
  readonly changed: readonly PreviewedCase[];
  readonly next: string | null;
}

/**
 * What a change of the rules would make of one page of what waits. Nothing is changed, but that deadlines that have passed
 * take effect, as for every reader.
 *
 * @returns null for a text that is no cursor
 */
export async function previewRecheck(
  rules: Rules,
  cursor: string,
  ports: RecheckPorts & Pick<Ports, "index" | "intents">,
): Promise<Preview | null> {
  const waiting = await waitingIntents(cursor, PAGE, ports);
  if (waiting === null) return null;
  const changed: PreviewedCase[] = [];
  for (const id of waiting.ids) changed.push(...(await previewOf(id, rules, ports)));
  return { checked: waiting.ids.length, changed, next: waiting.next };
}

async function previewOf(
  id: string,
  rules: Rules,
  ports: RecheckPorts & Pick<Ports, "intents">,
): Promise<readonly PreviewedCase[]> {
  const intent = ports.intents.find(id);
  const state = (await intent?.getState()) ?? null;
  if (intent === null || state === null) return [];
  const { phase, terms } = state;
  if (!isRecheckable(phase) || !isStale(state, currentBindings(terms, rules))) return [];
  const [record, agent] = await Promise.all([intent.getRecord(), ports.principals.get(terms.agent)]);
  if (record === null || record.case === null || agent === null) return [];
  const { decision } = await evaluateAgain(intent, record, agent, rules, ports);
  const becomes = ({ approve: "approved", hold: "held", block: "blocked" } as const)[decision.outcome];
  return [
    {
      id,
      state: phase === "approved" ? "approved" : "pending_approval",
      becomes,
      reasonCode: decision.reasonCode,
    },
  ];
}
