/**
 * What unauthenticated readers get passes through here. Every pattern is linear-time and errs on the side of
 * removing too much: a public page loses nothing by a hidden number.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/[^\s@<>()",;:]{1,64}@[^\s@<>()",;:]{1,255}/g, "[e-mail]"],
  [/\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b/gi, "[iban]"],
  [/\b(?:\d[ .-]?){13,19}\b/g, "[card]"],
  [/\b\d{3}[ .-]\d{2}[ .-]\d{4}\b/g, "[ssn]"],
  [/(?:\+|\b)\d(?:[ ().-]{0,2}\d){6,14}\b/g, "[phone]"],
];

/** Replaces what identifies a person: e-mail addresses, phone, card, social-security and IBAN numbers. */
export function scrub(text: string): string {
  return PATTERNS.reduce((clean, [pattern, label]) => clean.replace(pattern, label), text);
}
