import type { Facts } from "../proposal/facts.ts";
import { amountText, dollars } from "./amounts.ts";
import { counted } from "./numbers.ts";
import { amount, capitalized, name, type Part, words } from "./parts.ts";
import { isEnded } from "./phase-words.ts";
import { type WriteWords, writeWords } from "./write-words.ts";

/** What a sentence about a write needs to know. */
export interface DescribedWrite {
  readonly destination: string;
  /** Method of the HTTP request that performs the write; null: none, or not known. */
  readonly method: string | null;
  /** Effective records and US cents; null: unknown. */
  readonly records: number | null;
  readonly valueCents: number | null;
  /** False: only the index's numbers are known, so that an amount may be one in another currency. */
  readonly hasFacts: boolean;
  /** Sums per currency, in minor units; empty where none was measured. */
  readonly totals: Facts["totals"];
  /** Null: not counted. */
  readonly recipients: number | null;
}

export interface DescribedCase extends DescribedWrite {
  /** The agent's name. */
  readonly agent: string;
  /** The person who wrote the payload in place of the agent; null: the agent did. */
  readonly editor: string | null;
  readonly phase: string;
}

/** `newsletter-writer wants to send 1 e-mail through sendgrid.send.` */
export function caseSentence(described: DescribedCase): readonly Part[] {
  const { agent, editor, phase } = described;
  const wish = isEnded(phase) ? " wanted to " : " wants to ";
  const author = editor === null ? [] : [words(", as "), name(editor), words(" wrote it")];
  return [name(agent), words(wish), ...writePhrase(described), ...author, words(".")];
}

/** `Send 1 e-mail through sendgrid.send`: for a line of a list, beside the agent's name. */
export function writeTitle(described: DescribedWrite): readonly Part[] {
  return capitalized(writePhrase(described));
}

function writePhrase(described: DescribedWrite): readonly Part[] {
  const { destination, method, records, recipients } = described;
  const spoken = writeWords(destination, method);
  if (spoken === null) {
    const holding = records === null ? "" : ` with ${counted(records, "record")}`;
    return [words(`send a ${method} request${holding} through `), name(destination)];
  }
  const to = recipients === null ? "" : ` to ${counted(recipients, "recipient")}`;
  const after = words(`${to} ${spoken.preposition} `);
  return [words(`${spoken.verb} `), ...objectOf(spoken, described), after, name(destination)];
}

function objectOf(
  { unit }: WriteWords,
  { records, valueCents, totals, hasFacts }: DescribedWrite,
): readonly Part[] {
  if (unit !== null) {
    return [words(records === null ? `an unknown number of ${unit[1]}` : counted(records, ...unit))];
  }
  const sum = sumText(totals, valueCents);
  const spread = records === null || records < 2 ? [] : [words(` in ${counted(records, "record")}`)];
  return [sum === null ? words(hasFacts ? "an unknown amount" : "an amount") : amount(sum), ...spread];
}

/** More currencies than these are listed beside the sentence. */
const MAX_SUMS = 3;

/** `$900.00`, `€80.00 EUR and ¥9,000 JPY`; null: unknown. */
function sumText(totals: Facts["totals"], valueCents: number | null): string | null {
  const isForeign = totals.some(({ currency }) => currency !== "USD");
  if (!isForeign) return valueCents === null ? null : dollars(valueCents);
  const sums = totals.slice(0, MAX_SUMS).map(({ currency, minor }) => amountText(minor, currency));
  const more = totals.length - sums.length;
  if (more > 0) return `${sums.join(", ")} and ${counted(more, "other sum")}`;
  const last = sums.at(-1) ?? "";
  return sums.length < 2 ? last : `${sums.slice(0, -1).join(", ")} and ${last}`;
}
