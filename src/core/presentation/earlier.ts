import type { EarlierIntents, SeenBefore } from "../intent/earlier-intents.ts";
import type { FactText } from "./facts.ts";
import { groupDigits } from "./numbers.ts";
import { phaseWords } from "./phase-words.ts";

/** "First run or fifth?", and what became of the earlier ones. */
export function earlierFacts({ payload, shape, agent }: SeenBefore): readonly FactText[] {
  const alike = shape ?? agent;
  return [
    {
      label: shape === null ? "By this agent" : "Of its kind",
      value: ordinal(alike),
      note: outcomes(alike),
      isUnknown: false,
    },
    ...(payload === null || payload.count === 0
      ? []
      : [{ label: "This payload", value: ordinal(payload), note: outcomes(payload), isUnknown: false }]),
  ];
}

function ordinal({ count, isMore }: EarlierIntents): string {
  if (count === 0) return "first";
  if (isMore) return `after more than ${groupDigits(count)}`;
  const number = count + 1;
  const [tens, ones] = [number % 100, number % 10];
  const ending =
    tens >= 11 && tens <= 13 ? "th" : ones === 1 ? "st" : ones === 2 ? "nd" : ones === 3 ? "rd" : "th";
  return `${groupDigits(number)}${ending}`;
}

/** `earlier: 2 carried out, 1 rejected`. */
function outcomes({ count, byPhase }: EarlierIntents): string {
  if (count === 0) return "none came before it";
  const each = [...byPhase].toSorted(([, one], [, other]) => other - one);
  return `earlier: ${each.map(([phase, many]) => `${groupDigits(many)} ${phaseWords(phase).toLowerCase()}`).join(", ")}`;
}
