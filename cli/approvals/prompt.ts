import { createInterface } from "node:readline";

/**
 * Asks on the terminal, or whoever pipes the answer in. Empty when there is no answer: the input ended, or Ctrl-C.
 * The question goes to standard error, so that it is seen when the output goes elsewhere.
 */
export function prompt(question: string): Promise<string> {
  return new Promise((resolve) => {
    const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: isTerminal });
    let answer = "";
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => {
      // An answer that was piped in is not echoed, nor is its line feed.
      if (!isTerminal) process.stderr.write("\n");
      resolve(answer);
    });
    lines.question(question, (text) => {
      answer = text.trim();
      lines.close();
    });
  });
}

/** Only a clear yes is one. */
export function isYes(answer: string): boolean {
  return /^(?:y|yes)$/i.test(answer);
}
