const raw = String.raw;

/** Separators within one number: spaces, dots, brackets, slashes, dashes, and invisible format characters. */
const GAP = raw`[\s().\/\p{Pd}\p{Cf}]`;

/** A digit of any script that does not continue a word, so that a hexadecimal digest stays what it is. */
const FIRST_DIGIT = raw`(?<![\p{L}\p{Nd}])\p{Nd}`;
const END_OF_WORD = raw`(?![\p{L}\p{Nd}])`;

/** `@` as written, percent-encoded, and in its fullwidth and small forms. */
const AT = raw`(?:@|%40|\uff20|\ufe6b)`;
const DOMAIN = raw`[^\s<>()",;:]{1,255}`;

/**
 * ISO 13616: two letters and two check digits; then, after a bank's letters if it has any, digits. Following words
 * with digits in them are removed as well, so that an extra group does not leave the end of a number readable.
 */
const IBAN =
  raw`(?<![A-Z0-9])[A-Z]{2}\d{2}(?=(?:${GAP}?[A-Z]){0,6}(?:${GAP}?\d){4})(?=(?:${GAP}?[A-Z0-9]){11})` +
  raw`[A-Z0-9]*(?:${GAP}{1,2}(?:[A-Z]{4}${GAP}{1,2})?(?=[A-Z]{0,4}\d)[A-Z0-9]+)*`;

/** Ordered: part of a card number or an IBAN would match as a phone number. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(raw`"[^"\r\n@]{0,64}"${AT}${DOMAIN}`, "giu"), "[e-mail]"],
  [new RegExp(raw`[^\s@<>()",;:]{1,64}${AT}${DOMAIN}`, "giu"), "[e-mail]"],
  [new RegExp(IBAN, "giu"), "[iban]"],
  // ISO/IEC 7812 ends at 19 digits; the match is longer, so that an agent can't save a number by appending digits.
  [new RegExp(raw`${FIRST_DIGIT}(?:${GAP}{0,3}\p{Nd}){12,}`, "gu"), "[card]"],
  [new RegExp(raw`${FIRST_DIGIT}\p{Nd}{2}${GAP}\p{Nd}{2}${GAP}\p{Nd}{4}${END_OF_WORD}`, "gu"), "[ssn]"],
  [new RegExp(raw`\+?${FIRST_DIGIT}(?:${GAP}{0,3}\p{Nd}){6,11}${END_OF_WORD}`, "gu"), "[phone]"],
];

/**
 * Replaces e-mail addresses and phone, card, social-security and IBAN numbers. Unauthenticated readers get the
 * result, so it errs on the side of removing too much: a public page loses nothing by a hidden number. Linear in the
 * text: every repetition is bounded, or followed by nothing that could fail.
 */
export function scrub(text: string): string {
  return PATTERNS.reduce((clean, [pattern, label]) => clean.replace(pattern, label), text);
}
