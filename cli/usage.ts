import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** The command was used wrongly: answered with the message, the usage and exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Flags and words of a command, strictly: what is not declared is an error, never ignored.
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
    // Node's own text names the flag; what follows the first sentence is advice about its API.
    const [sentence = "wrong options"] = (error instanceof Error ? error.message : "").split(". ");
    throw new UsageError(sentence);
  }
}
