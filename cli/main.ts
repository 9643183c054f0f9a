import { inspect, parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { usage } from "./help.ts";
import {
  CommandFailure,
  type CommandIo,
  errorText,
  type ExitCode,
  EXIT_FAILED,
  EXIT_USAGE,
  processIo,
} from "./io.ts";
import { packageVersion } from "./package-root.ts";
import { runSubcommand } from "./subcommands.ts";
import { UsageError } from "./usage.ts";

/** A first word that is not a flag names the command; without one the command is `serve`. */
function pick(args: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  const [first, ...rest] = args;
  const name = first === undefined || first.startsWith("-") ? "serve" : first;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`unknown command: ${name}`);
  return { command, rest: name === first ? rest : args };
}

async function main(args: readonly string[], io: CommandIo): Promise<number> {
  const flags = parseArgs({
    args: args.slice(0, 1),
    strict: false,
    options: { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
  }).values;
  if (flags["version"] === true) {
    io.out(packageVersion());
    return 0;
  }
  if (flags["help"] === true) {
    io.out(usage(COMMANDS));
    return 0;
  }
  try {
    return await runNamed(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`zehrava-gate: ${error.message}\n\n${usage(COMMANDS)}`);
      return EXIT_USAGE;
    }
    if (error instanceof CommandFailure) {
      io.err(`zehrava-gate: ${error.message}`);
      return EXIT_FAILED;
    }
    // A bug, or a runtime that failed to start: only Gate's developers need the stack (GATE_DEBUG).
    io.err(`zehrava-gate: ${process.env["GATE_DEBUG"] === undefined ? errorText(error) : inspect(error)}`);
    return EXIT_FAILED;
  }
}

async function runNamed(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { command, rest } = pick(args);
  if ("subcommands" in command) return runSubcommand(await command.subcommands(), rest, io);
  const help = await command.help();
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(help ?? usage(COMMANDS));
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (!(error instanceof UsageError) || help === null) throw error;
    io.err(`zehrava-gate ${command.name}: ${error.message}\n\n${help}`);
    return EXIT_USAGE;
  }
}

// `exit` instead of an empty event loop: a runtime that is slow to close must not delay a finished command.
process.exit(await main(process.argv.slice(2), processIo()));
