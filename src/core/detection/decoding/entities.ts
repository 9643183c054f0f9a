import { decodedCharacter } from "./barrier.ts";

/** Named character references whose character is neither a letter nor plain punctuation to the matcher. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
  ["ensp", " "],
  ["emsp", " "],
  ["thinsp", " "],
  ["Tab", "\t"],
  ["NewLine", "\n"],
  ["shy", ""],
  ["zwj", ""],
  ["zwnj", ""],
  ["lrm", ""],
  ["rlm", ""],
  ["ZeroWidthSpace", ""],
  ["NoBreak", ""],
  ["InvisibleTimes", ""],
  ["InvisibleComma", ""],
  ["ApplyFunction", ""],
  ["af", ""],
  ["it", ""],
  ["ic", ""],
  ["lowbar", "_"],
  ["hyphen", "-"],
  ["dash", "-"],
  ["ndash", "-"],
  ["mdash", "-"],
  ["period", "."],
  ["comma", ","],
  ["colon", ":"],
  ["semi", ";"],
  ["excl", "!"],
  ["dollar", "$"],
  ["commat", "@"],
  ["num", "#"],
  ["percnt", "%"],
  ["plus", "+"],
  ["equals", "="],
  ["lpar", "("],
  ["rpar", ")"],
  ["lbrack", "["],
  ["lsqb", "["],
  ["rbrack", "]"],
  ["rsqb", "]"],
  ["lbrace", "{"],
  ["lcub", "{"],
  ["rbrace", "}"],
  ["rcub", "}"],
  ["sol", "/"],
  ["bsol", "\\"],
  ["ast", "*"],
  ["vert", "|"],
  ["verbar", "|"],
  ["szlig", "ss"],
  ["inodot", "i"],
  ["imath", "i"],
  ["fflig", "ff"],
  ["filig", "fi"],
  ["fllig", "fl"],
  ["euro", "€"],
]);

/** `eacute`, `Rscr`, `fopf`, `bfr`: the letter is the first of the name. */
const LETTER_WITH_ACCENT =
  /^([A-Za-z])(?:acute|grave|circ|uml|tilde|ring|cedil|caron|slash|strok|dot|breve|ogon|macr|dblac|scr|opf|fr)$/;

/** Character references of HTML and XML, decimal, hexadecimal and the named ones that matter. */
export function decodedEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,8});?|#[xX]([0-9A-Fa-f]{1,7});?|([A-Za-z][A-Za-z0-9]{1,24});)/g,
    (whole: string, decimal?: string, hex?: string, name?: string) => {
      if (decimal !== undefined) return decodedCharacter(Number.parseInt(decimal, 10));
      if (hex !== undefined) return decodedCharacter(Number.parseInt(hex, 16));
      if (name === undefined) return whole;
      return NAMED.get(name) ?? LETTER_WITH_ACCENT.exec(name)?.[1] ?? whole;
    },
  );
}
