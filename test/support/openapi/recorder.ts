import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { conformance } from "./conformance.ts";
import type { Exchange } from "./exchanges.ts";

/**
 * Compares responses with the document, and notes in a folder what they show to be true.
 *
 * @returns what the document does not say of them
 */
export function compareExchanges(exchanges: readonly Exchange[], folder: string): readonly string[] {
  const found = exchanges.map((exchange) => ({ exchange, ...conformance(exchange) }));
  const shown = new Set(found.flatMap((each) => each.shown));
  if (shown.size > 0) appendFileSync(join(folder, `shown-${process.pid}`), [...shown, ""].join("\n"));
  return found.flatMap(({ exchange: { method, path }, problems }) =>
    problems.map((problem) => `${method} ${path}: ${problem}`),
  );
}

export function noteFile(path: string, folder: string): void {
  appendFileSync(join(folder, `files-${process.pid}`), `${path}\n`);
}
