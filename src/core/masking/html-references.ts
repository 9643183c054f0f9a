/** Named HTML references of printable ASCII; most encoders use the first five, some all. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "&": ["amp", "AMP"],
  "<": ["lt", "LT"],
  ">": ["gt", "GT"],
  '"': ["quot", "QUOT"],
  "'": ["apos"],
  "!": ["excl"],
  "#": ["num"],
  $: ["dollar"],
  "%": ["percnt"],
  "(": ["lpar"],
  ")": ["rpar"],
  "*": ["ast", "midast"],
  "+": ["plus"],
  ",": ["comma"],
  ".": ["period"],
  "/": ["sol"],
  ":": ["colon"],
  ";": ["semi"],
  "=": ["equals"],
  "?": ["quest"],
  "@": ["commat"],
  "[": ["lsqb", "lbrack"],
  "\\": ["bsol"],
  "]": ["rsqb", "rbrack"],
  "^": ["Hat"],
  _: ["lowbar", "UnderBar"],
  "`": ["grave", "DiacriticalGrave"],
  "{": ["lcub", "lbrace"],
  "|": ["verbar", "vert", "VerticalLine"],
  "}": ["rcub", "rbrace"],
};

/** HTML 13.2.5.73: parsers also read these without their semicolon. */
const WITHOUT_SEMICOLON: ReadonlySet<string> = new Set([
  "amp",
  "AMP",
  "lt",
  "LT",
  "gt",
  "GT",
  "quot",
  "QUOT",
]);

export interface HtmlName {
  readonly name: string;
  readonly character: number;
  readonly needsSemicolon: boolean;
}

export const HTML_NAMES: readonly HtmlName[] = Object.entries(NAMES).flatMap(([character, names]) =>
  names.map((name) => ({
    name,
    character: character.charCodeAt(0),
    needsSemicolon: !WITHOUT_SEMICOLON.has(name),
  })),
);
