import { createInterface } from "node:readline";

/**
 * Prompts on the terminal, or reads a piped line. Empty: the input ended, or Ctrl-C. The question goes to standard
 * error, so that it is visible when the output is redirected.
 */
export function prompt(question: string): Promise<string> {
  return new Promise((resolve) => {
    const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
    const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: isTerminal });
    let answer = "";
    lines.on("SIGINT", () => lines.close());
    lines.on("close", () => {
      // Piped input is not echoed, so the prompt's line has no line feed yet.
      if (!isTerminal) process.stderr.write("\n");
      resolve(answer);
    });
    lines.question(question, (text) => {
      answer = text.trim();
      lines.close();
    });
  });
}

/** Anything but `y` or `yes` is a no. */
export function isYes(answer: string): boolean {
  return /^(?:y|yes)$/i.test(answer);
}
