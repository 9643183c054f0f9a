/** Expressions of template languages; the first group, where there is one, is the name inside. */
const EXPRESSIONS: readonly RegExp[] = [
  /(?<!=)\{\{\{?[#/^&>~!-]?\s{0,3}([\p{L}_$@][\p{L}\p{N}_.$@\-[\] ]{0,60}(?:\|[^{}\n]{0,60})?)\s{0,3}~?\}?\}\}/gu,
  /\{%-?\s{0,3}[a-z][^%{}\n]{0,80}%\}/g,
  /<%[=#-]?[^%<>\n]{1,80}%>/g,
  /\$\{([A-Za-z_][\w.\-[\]]{0,60}(?:\(\))?)\}/g,
  /(?<![\w\\^_}$={`:)])\{([A-Za-z_][\w.-]{0,60})\}(?!\}| from\b| =)/g,
  /(?<![\d%'"\w])%([A-Za-z_][\w.-]{0,39}\w)%(?![0-9A-Fa-f]{2}|['"\d])/g,
  /(?<!\[)\[\[([A-Za-z_][\w .-]{0,60})\]\](?!\])/g,
];

/** A greeting followed by the value that a program prints for a missing name. */
const GREETED_MISSING_NAME =
  /\b(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|greetings|welcome(?: back)?|thanks|thank you|hallo|hola|bonjour|ciao)[ ,]{1,3}(?:(?:mr|mrs|ms|mx|dr|prof)\.? )?((?:undefined|null|NaN|None|nil|\[object Object\])(?: (?:undefined|null|NaN|None|nil))?)(?=\s{0,2}(?:[,.!:;?<\-\u2013\u2014]|\n|$))/gi;
const MISSING_NAME = /^(?:undefined|null|NaN|None|nil|\[object Object\])/;

/** Environment variables and C++ attributes: written like placeholders, and never filled in. */
const ORDINARY: ReadonlySet<string> = new Set(
  (
    "path appdata localappdata programdata programfiles userprofile homepath homedrive temp tmp windir " +
    "systemroot systemdrive comspec computername allusersprofile " +
    "nodiscard maybe_unused noreturn fallthrough likely unlikely deprecated"
  ).split(" "),
);

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;
const PERCENT_ENCODED = /^[0-9A-Fa-f]{2}$/;
const CODE = /```[\s\S]*?```|`[^`\n]{0,200}`/g;
/** Every placeholder contains one of these; most texts need no further test. */
const PLACEHOLDER_SIGN = /[{%]|\[\[|undefined|null|NaN|None|nil|\[object/;

/** One placeholder in a text, and where it begins. */
export interface Placeholder {
  readonly written: string;
  readonly index: number;
}

const MAX_WRITTEN_CHARS = 80;

/** False: there is none, without a further test. */
export function mayHoldPlaceholder(text: string): boolean {
  return PLACEHOLDER_SIGN.test(text);
}

/** The placeholders in a text that were never filled in, outside of Markdown code. */
export function placeholdersIn(source: string): readonly Placeholder[] {
  if (!mayHoldPlaceholder(source)) return [];
  // Code is blanked rather than cut, so that indices stay valid.
  const text = source.includes("`")
    ? source.replaceAll(CODE, (code) => code.replaceAll(/[^\n]/g, " "))
    : source;
  const found: Placeholder[] = [];
  for (const expression of EXPRESSIONS) {
    for (const match of text.matchAll(expression)) {
      const name = match[1] ?? "";
      if (ORDINARY.has(name.toLowerCase()) || UUID.test(name) || PERCENT_ENCODED.test(name)) continue;
      found.push({ written: match[0].slice(0, MAX_WRITTEN_CHARS), index: match.index });
    }
  }
  for (const match of text.matchAll(GREETED_MISSING_NAME)) {
    const value = match[1] ?? "";
    if (MISSING_NAME.test(value)) found.push({ written: value, index: match.index });
  }
  return found;
}
