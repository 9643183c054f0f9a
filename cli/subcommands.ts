import { EXIT_USAGE, type CommandIo, type ExitCode } from "./io.ts";

/** A command with subcommands: `zehrava-gate <name> <subcommand> …`. */
export interface Subcommands {
  readonly name: string;
  readonly usage: string;
  readonly commands: ReadonlyMap<string, (args: readonly string[], io: CommandIo) => Promise<ExitCode>>;
  /** The message and exit code for an expected error, of usage or of the server; null: the error is a bug. */
  failure(error: unknown): { readonly message: string; readonly code: ExitCode } | null;
}

/** Runs the named subcommand: writes to `io`, and returns the exit code. */
export async function runSubcommand(
  { name, usage, commands, failure }: Subcommands,
  args: readonly string[],
  io: CommandIo,
): Promise<ExitCode> {
  const [named, ...rest] = args;
  if (named === undefined || named === "--help" || named === "-h" || rest.includes("--help")) {
    io.out(usage);
    return named === undefined ? EXIT_USAGE : 0;
  }
  const command = commands.get(named);
  if (command === undefined) {
    io.err(`unknown command: ${name} ${named}\n\n${usage}`);
    return EXIT_USAGE;
  }
  try {
    return await command(rest, io);
  } catch (error) {
    const failed = failure(error);
    if (failed === null) throw error;
    io.err(`zehrava-gate ${name} ${named}: ${failed.message}`);
    return failed.code;
  }
}
