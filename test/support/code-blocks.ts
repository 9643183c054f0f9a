import { marked, type Token, type Tokens } from "marked";
import { readFileSync, readdirSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);

/** A fenced block of a document. */
export interface CodeBlock {
  /** Where it is, for a failure's message: `docs/policies.md, block 3`. */
  readonly where: string;
  readonly document: string;
  /** First word after the fence. */
  readonly language: string;
  /** The other words: why it can't be run here (`cloud`), or who runs it (`ci`). */
  readonly marks: readonly string[];
  readonly text: string;
}

/** README and every page of `docs/` that a person wrote; `docs/storage-schema.md` has a test of its own. */
export const DOCUMENTS_WITH_CODE: readonly string[] = [
  "README.md",
  ...readdirSync(new URL("docs/", ROOT))
    .filter((name) => name.endsWith(".md") && !["invariants.md", "storage-schema.md"].includes(name))
    .map((name) => `docs/${name}`)
    .toSorted(),
];

/** Every code block of a document, those in lists included. A block that is indented only has no language. */
export function codeBlocksOf(document: string): readonly CodeBlock[] {
  const tokens = marked.lexer(readFileSync(new URL(document, ROOT), "utf8"));
  return codeOf(tokens).map(({ lang, text }, n) => {
    const [language = "", ...marks] = (lang ?? "").split(" ");
    return { where: `${document}, block ${n + 1}`, document, language, marks, text };
  });
}

function codeOf(tokens: readonly Token[]): readonly Tokens.Code[] {
  return tokens.flatMap((token) => {
    if (token.type === "code") return [token as Tokens.Code];
    const { tokens: inner = [], items = [] } = token as { tokens?: Token[]; items?: Token[] };
    return [...codeOf(inner), ...codeOf(items)];
  });
}

/** The lines of a shell block as commands: continued lines joined, comments and empty lines left out. */
export function commandsOf(text: string): readonly string[] {
  return text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#\s.*$/, "").trim())
    .filter((line) => line !== "");
}
