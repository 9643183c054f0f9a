import type { MeasureHints } from "../registry/measure-hints.ts";
import { doubt, type Doubt, type DoubtfulFact, type DoubtReason, type Doubts } from "./doubt.ts";
import type { Facts } from "./facts.ts";

/*
 * The one place where a doubt makes facts unknown: a count becomes uncertain, a sum incomplete, recipients null, and
 * content unreadable, so that each rule's own check of its fact holds.
 */

/** Makes facts unknown. A doubt that is there already stays: it was found closer to the bytes. */
export function withDoubts(facts: Facts, added: Doubts): Facts {
  const doubts: Doubts = { ...added, ...facts.doubts };
  if (Object.keys(doubts).length === 0) return facts;
  const { records, money, valueUsdCents } = facts;
  return {
    ...facts,
    decodable: facts.decodable && doubts.content === undefined,
    records: doubts.records === undefined ? records : { ...records, uncertain: true },
    money: doubts.money === undefined ? money : "incomplete",
    valueUsdCents: doubts.money === undefined ? valueUsdCents : { ...valueUsdCents, measured: null },
    recipients: doubts.recipients === undefined ? facts.recipients : null,
    doubts,
  };
}

/** Makes every fact unknown that the destination wants measured. */
export function allUnknown(facts: Facts, hints: MeasureHints, because: DoubtReason): Facts {
  const found = doubt(because);
  return withDoubts(facts, {
    records: found,
    ...(hints.amount !== null && { money: found }),
    ...(hints.recipients !== null && { recipients: found }),
    ...(because === "charset" && { content: found }),
  });
}

/** Why a fact is unknown; null: it is known, or it was stored before reasons were. */
export function doubtAbout(facts: Facts, fact: DoubtfulFact): Doubt | null {
  return facts.doubts?.[fact] ?? null;
}
