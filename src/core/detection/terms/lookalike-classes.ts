/** Letters that a written character may stand for besides itself. */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ["0", "o"],
  ["1", "il"],
  ["2", "z"],
  ["3", "e"],
  ["4", "a"],
  ["5", "s"],
  ["6", "gb"],
  ["7", "t"],
  ["8", "b"],
  ["9", "gq"],
  ["!", "il"],
  ["|", "il"],
  ["@", "a"],
  ["$", "s"],
  ["+", "t"],
];

/** The automaton matches classes: a character and all letters it may stand for share one, so one run tries them all. */
const CLASS_OF_ASCII: Uint8Array = classes();

function classes(): Uint8Array {
  const table = Uint8Array.from({ length: 0x80 }, (_, code) => code);
  const merge = (one: number, other: number): void => {
    const from = table[other] ?? other;
    const to = table[one] ?? one;
    for (let code = 0; code < table.length; code++) if (table[code] === from) table[code] = to;
  };
  for (const [written, letters] of LOOKALIKES) {
    for (const letter of letters) merge(letter.charCodeAt(0), written.charCodeAt(0));
  }
  return table;
}

/** Representative code of the class a folded code belongs to. */
export function classOf(code: number): number {
  return code < 0x80 ? (CLASS_OF_ASCII[code] ?? code) : code;
}

const STANDS_FOR: Uint8Array = lookalikeTable();

function lookalikeTable(): Uint8Array {
  const table = new Uint8Array(0x80 * 0x80);
  for (const [written, letters] of LOOKALIKES) {
    for (const letter of letters) table[written.charCodeAt(0) * 0x80 + letter.charCodeAt(0)] = 1;
  }
  return table;
}

/** Whether the written character may stand for the letter. */
export function standsFor(written: number, letter: number): boolean {
  return written === letter || (written < 0x80 && letter < 0x80 && STANDS_FOR[written * 0x80 + letter] === 1);
}
