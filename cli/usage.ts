import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** Wrong usage of a command, which ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Parses flags and positionals strictly: an undeclared one is an error.
 *
 * @throws {UsageError}
 */
export function parseFlags<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  positionals: { readonly max: number } = { max: 0 },
) {
  try {
    const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
    const extra = parsed.positionals[positionals.max];
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    return parsed;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // The first sentence of Node's message names the flag; the rest is about its API.
    const [sentence = "wrong options"] = (error instanceof Error ? error.message : "").split(". ");
    throw new UsageError(sentence);
  }
}
