/** Runs of digits in groups, up to the longest card number with every digit apart. */
const DIGIT_GROUPS = /\d(?:[ -]?\d){11,22}/g;

/** Digits in a row or with dashes. Without blanks, what stands beside them is no part of the number. */
const UNBROKEN_DIGITS = /\d(?:-?\d){11,22}/g;

/** Card numbers: issuer ranges with their lengths, Luhn, and digits grouped as cards are or evenly. */
export function findCards(text: string, found: Set<string>): void {
  for (const { 0: written, index } of text.matchAll(DIGIT_GROUPS)) {
    const digits = cardCandidates(written, bordersOf(text, index, written)).map(cardDigits);
    const first = digits.find((one) => one !== null);
    if (first !== undefined && first !== null) found.add(first);
  }
  for (const { 0: written, index } of text.matchAll(UNBROKEN_DIGITS)) {
    const { begins, ends } = bordersOf(text, index, written);
    const digits = begins && ends ? cardDigits(written) : null;
    if (digits !== null) found.add(digits);
  }
  findGroupedCards(text, found);
}

interface Borders {
  /** No letter, dot or dash before it, with which it is part of a longer number or name. */
  readonly begins: boolean;
  readonly ends: boolean;
}

function bordersOf(text: string, start: number, written: string): Borders {
  const end = start + written.length;
  return {
    begins: !/[\w.-]/.test(text.charAt(start - 1)),
    ends: !/^(?:\w|-\w|\.\d)/.test(text.slice(end, end + 2)),
  };
}

/**
 * The run, and the run without its last group, its first, or both: a card's number is followed by its date or its CVC, and
 * stands behind an amount. A group behind a blank is another number, whatever follows it, as in `4111 1111 1111 1111 1.5`.
 */
function cardCandidates(written: string, { begins, ends }: Borders): readonly string[] {
  const last = /([ -])\d{1,4}$/.exec(written);
  const first = /^\d{1,4}([ -])/.exec(written);
  const start = first !== null && (begins || first[1] === " ") ? first[0].length : null;
  const end = last !== null && (ends || last[1] === " ") ? last.index : null;
  return [
    begins && ends ? written : null,
    begins && end !== null ? written.slice(0, end) : null,
    ends && start !== null ? written.slice(start) : null,
    start !== null && end !== null && start < end ? written.slice(start, end) : null,
  ].filter((candidate) => candidate !== null);
}

function cardDigits(candidate: string): string | null {
  const digits = candidate.replaceAll(/\D/g, "");
  return isIssued(digits) && isGroupedAsCard(candidate) && passesLuhn(digits) ? digits : null;
}

const LINE_END = String.raw`(?:\r\n|[\n\v\f\r\u2028\u2029])`;
const BREAK = String.raw`[ \t]{0,4}${LINE_END}[ \t]{0,8}`;
const GAP = String.raw`(?:-?${BREAK}|[ -])`;
const PAIR = String.raw`\d{4}[ -]\d{4}`;
const IN_TABLE_BEFORE = String.raw`(?<!\d)(?:${PAIR}${BREAK}|\d{4}[ -])`;
const IN_TABLE_AFTER = String.raw`(?:${BREAK}${PAIR}|[ -]\d{4})(?!\d)`;
/** A card's own groups, unless more of four digits are around them: a table or a list. */
const CARD_GROUPS = new RegExp(
  String.raw`(?<![\w.-]|${IN_TABLE_BEFORE})\d{4}${GAP}` +
    String.raw`(?:\d{4}${GAP}\d{4}${GAP}\d{4}|\d{6}${GAP}\d{4,5})(?!\w|-\w|\.\d|${IN_TABLE_AFTER})`,
);
const GROUP_DIGITS = 4;
const ALL_LINE_ENDS = new RegExp(LINE_END, "g");

/**
 * Card numbers in their own groups, whatever digits are before them, as a date. One line's end may break them: a page
 * shows it as a blank, and mails are wrapped. With more line ends they are a list, or cells of a table.
 */
function findGroupedCards(text: string, found: Set<string>): void {
  const groups = new RegExp(CARD_GROUPS, "g");
  for (let match = groups.exec(text); match !== null; match = groups.exec(text)) {
    const [written] = match;
    // Another number's last group, as an amount on the line above, is no reason to miss the card behind it.
    groups.lastIndex = match.index + GROUP_DIGITS;
    if ((written.match(ALL_LINE_ENDS)?.length ?? 0) > 1) continue;
    const digits = written.replaceAll(/\D/g, "");
    if (isIssued(digits) && passesLuhn(digits)) found.add(digits);
  }
}

function isIssued(digits: string): boolean {
  const { length } = digits;
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (digits.startsWith("4")) return length === 13 || length === 16 || length === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  if (two === 34 || two === 37) return length === 15;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) {
    return length >= 14 && length <= 19;
  }
  if (four >= 3528 && four <= 3589) return length >= 16 && length <= 19;
  if (four === 6011 || two === 62 || two === 65 || (four >= 6440 && four <= 6499)) {
    return length >= 16 && length <= 19;
  }
  return false;
}

function isGroupedAsCard(written: string): boolean {
  const groups = written.split(/[ -]/).map((group) => group.length);
  if (groups.length === 1) return true;
  const shape = groups.join("-");
  if (
    /^4-4-4-(?:4(?:-3)?|1|2|3)$/.test(shape) ||
    shape === "4-6-5" ||
    shape === "4-6-4" ||
    shape === "6-13"
  ) {
    return true;
  }
  const [size = 0] = groups;
  return groups.slice(0, -1).every((each) => each === size) && (groups.at(-1) ?? 0) <= size;
}

/** ISO/IEC 7812-1 annex B. */
function passesLuhn(digits: string): boolean {
  // Equal digits pass the checksum as well, and are filler.
  if (/^(\d)\1*$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30;
    sum += index % 2 === 0 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9;
  }
  return sum % 10 === 0;
}
