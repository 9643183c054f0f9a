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

/** The names as a trie. `places[n]`: from a letter to the next node; `characters[n]`: the character of a name. */
export const HTML_REFERENCES = treeOf(NAMES);

function treeOf(names: Readonly<Record<string, readonly string[]>>): {
  readonly places: readonly ReadonlyMap<number, number>[];
  readonly characters: readonly (number | undefined)[];
} {
  const places: Map<number, number>[] = [new Map()];
  const characters: (number | undefined)[] = [];
  for (const [character, list] of Object.entries(names)) {
    for (const name of list) {
      let place = 0;
      for (const letter of name) {
        const code = letter.charCodeAt(0);
        const next: number = places[place]?.get(code) ?? places.push(new Map()) - 1;
        places[place]?.set(code, next);
        place = next;
      }
      characters[place] = character.charCodeAt(0);
    }
  }
  return { places, characters };
}
