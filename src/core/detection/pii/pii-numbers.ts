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
