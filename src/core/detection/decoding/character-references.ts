import { characterEntities } from "character-entities";
import { characterEntitiesLegacy } from "character-entities-legacy";
import { decodedCharacter } from "./barrier.ts";

/** All names of the HTML standard, section 13.5. */
const NAMED: ReadonlyMap<string, string> = new Map(Object.entries(characterEntities));
/** The names that browsers also read without a semicolon. */
const NAMED_WITHOUT_SEMICOLON: ReadonlySet<string> = new Set(characterEntitiesLegacy);
const [SHORTEST_LEGACY, LONGEST_LEGACY] = [2, 6];
/** The longest name is `CounterClockwiseContourIntegral`. */
const REFERENCE = /&(?:#(\d+);?|#[xX]([0-9A-Fa-f]+);?|([A-Za-z][A-Za-z0-9]{1,31})(;?))/g;

/** Browsers read the numbers of C1 control characters as Windows-1252, and 0x81, 0x8d, … as themselves. */
const WINDOWS_1252 = new TextDecoder("windows-1252");

/** Character references of HTML as its tokenizer reads them (section 13.2.5.72 and following). */
export function decodedReferences(text: string): string {
  return text.replaceAll(
    REFERENCE,
    (whole: string, decimal?: string, hex?: string, name?: string, semicolon?: string) => {
      if (decimal !== undefined) return numbered(Number.parseInt(decimal, 10));
      if (hex !== undefined) return numbered(Number.parseInt(hex, 16));
      return named(name ?? "", semicolon ?? "") ?? whole;
    },
  );
}

function named(name: string, semicolon: string): string | null {
  const known = semicolon === "" ? undefined : NAMED.get(name);
  if (known !== undefined) return known;
  // `&notit;` is `¬it;`: the longest name that needs no semicolon counts, and the rest is text.
  for (let length = Math.min(LONGEST_LEGACY, name.length); length >= SHORTEST_LEGACY; length--) {
    const prefix = name.slice(0, length);
    if (NAMED_WITHOUT_SEMICOLON.has(prefix)) return `${NAMED.get(prefix)}${name.slice(length)}${semicolon}`;
  }
  return null;
}

/** A NUL stays one, because the matcher ignores it: browsers show U+FFFD for it, and other readers drop it. */
function numbered(codePoint: number): string {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return "\ufffd";
  if (codePoint >= 0x80 && codePoint <= 0x9f) return WINDOWS_1252.decode(Uint8Array.of(codePoint));
  return decodedCharacter(codePoint);
}
