/**
 * How encoders write one character as a number. The term matcher decodes by this table and masking searches by it: a
 * spelling that the matcher reads must not get a credential past the masks.
 */
export interface EscapeForm {
  readonly lead: string;
  readonly radix: 8 | 10 | 16;
  /** Fewest and most digits; Infinity: any number of leading zeros. */
  readonly digits: readonly [least: number, most: number];
  /** `}` must follow, `;` may. */
  readonly end: "" | "}" | ";";
}

/** RFC 3986 section 2.1, of one byte. */
export const PERCENT_BYTE: EscapeForm = { lead: "%", radix: 16, digits: [2, 2], end: "" };
/** JavaScript's `escape()`. */
export const PERCENT_UNICODE: EscapeForm = { lead: "%u", radix: 16, digits: [4, 4], end: "" };
/** RFC 2045 section 6.7, of one byte. */
export const QUOTED_PRINTABLE: EscapeForm = { lead: "=", radix: 16, digits: [2, 2], end: "" };

/** JSON, JavaScript, C, Python and shell. Longer leads first, so that `\x{` is not read as `\x`. */
export const BACKSLASH_FORMS: readonly EscapeForm[] = [
  { lead: "\\u{", radix: 16, digits: [1, 6], end: "}" },
  { lead: "\\x{", radix: 16, digits: [1, 6], end: "}" },
  { lead: "\\u", radix: 16, digits: [4, 4], end: "" },
  { lead: "\\U", radix: 16, digits: [8, 8], end: "" },
  { lead: "\\x", radix: 16, digits: [2, 2], end: "" },
  { lead: "\\", radix: 8, digits: [3, 3], end: "" },
];

/** Character references of HTML; no parser insists on the semicolon. */
export const REFERENCE_FORMS: readonly EscapeForm[] = [
  { lead: "&#x", radix: 16, digits: [1, Infinity], end: ";" },
  { lead: "&#X", radix: 16, digits: [1, Infinity], end: ";" },
  { lead: "&#", radix: 10, digits: [1, Infinity], end: ";" },
];

/** All forms of the table. */
export const ESCAPE_FORMS: readonly EscapeForm[] = [
  PERCENT_BYTE,
  PERCENT_UNICODE,
  QUOTED_PRINTABLE,
  ...BACKSLASH_FORMS,
  ...REFERENCE_FORMS,
];

/** The form as a regular expression's source, its digits in a group. An octal escape is one byte: at most `\377`. */
export function formPattern({ lead, radix, digits: [least, most], end }: EscapeForm): string {
  const quoted = lead.replaceAll(/[\\{}]/g, String.raw`\$&`);
  if (radix === 8) return `${quoted}([0-3][0-7]{${least - 1}})`;
  const many = most === Infinity ? `{${least},}` : `{${least},${most}}`;
  const digits = `(${radix === 16 ? "[0-9A-Fa-f]" : "[0-9]"}${many})`;
  return `${quoted}${digits}${end === ";" ? ";?" : end.replace("}", String.raw`\}`)}`;
}
