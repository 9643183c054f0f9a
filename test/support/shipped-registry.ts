import { readFileSync } from "node:fs";

const SHIPPED = readFileSync(new URL("../../gate.yaml", import.meta.url), "utf8");

const BLOCK = /^ *# >>> (\w+)\n((?: *#.*\n)+?) *# <<<\n/gm;

/** Names of the ready-made entries of gate.yaml, which are comments. */
export const SHIPPED_BLOCKS = [...SHIPPED.matchAll(BLOCK)].map(([, name = ""]) => name);

/** The file with these blocks as an operator would enable them: uncommented, in place of the short entries. */
export function withBlocks(wanted: readonly string[]): string {
  let text = SHIPPED.replace(BLOCK, (block, name: string, lines: string) =>
    wanted.includes(name) ? lines.replaceAll(/^( *)# /gm, "$1") : block,
  );
  for (const [entry] of text.matchAll(/^ {2}[a-z]+\.[a-z]+:\n(?: {4}.*\n)+/gm)) {
    const key = entry.slice(0, entry.indexOf("\n") + 1);
    if (text.split(key).length > 2 && !entry.includes("upstream:")) text = text.replace(entry, "");
  }
  return text;
}
