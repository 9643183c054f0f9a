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
  if (BROKEN_DIGITS.test(text)) findWrappedCards(text, found);
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
/** A number whose groups a line's end may part, with no line of digits before or behind it, as a list of numbers has. */
const WRAPPED_GROUPS = new RegExp(
  String.raw`(?<![\w.-]|\d${BREAK})\d{4}${GAP}(?:\d{4}${GAP}\d{4}${GAP}\d{4}|\d{6}${GAP}\d{4,5})` +
    String.raw`(?!\w|-\w|\.\d|${BREAK}\d)`,
  "g",
);
const BROKEN_DIGITS = new RegExp(String.raw`\d-?${BREAK}\d`);
const ALL_LINE_ENDS = new RegExp(LINE_END, "g");

/**
 * Card numbers that one line's end breaks: a page shows it as a blank, and mails are wrapped. With more line ends they are
 * a list, or cells of a table.
 */
function findWrappedCards(text: string, found: Set<string>): void {
  for (const [written] of text.matchAll(WRAPPED_GROUPS)) {
    const digits = written.replaceAll(/\D/g, "");
    if (written.match(ALL_LINE_ENDS)?.length !== 1) continue;
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

/** Area not 000, 666 or 9xx; group not 00; serial not 0000: those are never issued. */
const SSN = /(?<![\w.-])(?!000|666|9)(\d{3})([ -])(?!00)(\d{2})\2(?!0000)(\d{4})(?![\w-]|\.\d| \d)/g;
const LABELLED_SSN =
  /\b(?:ssn|social security(?: (?:number|no))?|soc sec)\b[^\d\n]{0,12}(?!000|666|9)(\d{3})[ -]?(?!00)(\d{2})[ -]?(?!0000)(\d{4})(?!\d)/gi;

/** US social security numbers, with a dash or blank between the groups, or labelled. */
export function findSsns(text: string, found: Set<string>): void {
  for (const match of text.matchAll(SSN)) found.add(`${match[1]}${match[3]}${match[4]}`);
  for (const match of text.matchAll(LABELLED_SSN)) found.add(`${match[1]}${match[2]}${match[3]}`);
}

/** Length by country: the SWIFT registry of IBAN formats. */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  [
    "NO15 BE16",
    "DK18 FI18 FO18 GL18 NL18 FK18 SD18",
    "MK19 SI19",
    "AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20",
    "CH21 CR21 HR21 LI21 LV21",
    "BG22 BH22 DE22 GB22 GE22 IE22 ME22 RS22 VA22",
    "AE23 GI23 IL23 IQ23 OM23 SO23 TL23",
    "AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24",
    "LY25 PT25 ST25",
    "IS26 TR26",
    "BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27",
    "AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 NI28 PL28 SV28",
    "BR29 EG29 PS29 QA29 UA29",
    "JO30 KW30 MU30 YE30",
    "MT31 SC31",
    "LC32 RU33",
  ]
    .join(" ")
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);

/** Account numbers whose country, length and check digits (ISO 13616, mod 97) are right, grouped or not. */
export function findIbans(text: string, found: Set<string>): void {
  for (const match of text.matchAll(/(?<![\w-])[A-Za-z]{2}[ -]?\d[ -]?\d/g)) {
    const country = match[0].slice(0, 2).toUpperCase();
    const length = IBAN_LENGTHS.get(country);
    if (length === undefined) continue;
    const iban = alphanumerics(text, match.index, length);
    if (iban !== null && passesMod97(iban)) found.add(iban);
  }
}

/** `count` letters and digits from `start`, at most one blank or dash between two; null if fewer, or if more follow. */
function alphanumerics(text: string, start: number, count: number): string | null {
  let read = "";
  let index = start;
  for (let gap = 0; read.length < count && index < text.length; index++) {
    const character = text.charAt(index);
    if (/[A-Za-z0-9]/.test(character)) {
      read += character;
      gap = 0;
    } else if ((character !== " " && character !== "-") || ++gap > 1) {
      return null;
    }
  }
  // A dash and another character behind it make it part of a UUID or an order number.
  const isWhole = !/^(?:\w|-\w)/.test(text.slice(index, index + 2));
  return read.length === count && isWhole ? read.toUpperCase() : null;
}

function passesMod97(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value < 10 ? 10 : 100) + value) % 97;
  }
  return remainder === 1;
}
