import { inspect, parseArgs } from "node:util";
import { COMMANDS, type Command } from "./commands.ts";
import { CommandFailure, type CommandIo, errorText, EXIT_FAILED, EXIT_USAGE, processIo } from "./io.ts";
import { packageVersion } from "./package-root.ts";
import { UsageError } from "./usage.ts";

function usage(): string {
  const names = COMMANDS.filter((command) => command.name !== "serve");
  const width = Math.max(...names.map((command) => command.usage.length));
  return [
    `Usage: zehrava-gate ${"[options]".padEnd(width)}  start the server`,
    ...names.map((command) => `       zehrava-gate ${command.usage.padEnd(width)}  ${command.summary}`),
    "",
    "Options of the server:",
    "  --port <number>        port to listen on (4000)",
    "  --host <address>       address to listen on (127.0.0.1)",
    "  --data-dir <folder>    where all data is stored (./.gate)",
    "  --policy-dir <folder>  policies, one YAML file each (./policies)",
    "  --registry <file>      destinations, people and groups (./gate.yaml)",
    "  --public-url <url>     address for links in messages (default: where it listens)",
    "  --log <form>           json or pretty: a line for each request and decision (off)",
    "  --local-sign-in        people of gate.yaml sign in without a key; this machine only",
    "  --restored             the data folder was restored from a backup: send nothing of before",
    "  --force                with --restored: also where nothing says that the folder is a backup",
    "  --checkpoint <file>    with --restored: the newest checkpoint of the log that you have",
    "",
    "  --help, --version",
  ].join("\n");
}

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
    io.out(usage());
    return 0;
  }
  try {
    const { command, rest } = pick(args);
    if (rest.includes("--help") && command.helpsItself !== true) {
      io.out(usage());
      return 0;
    }
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.err(`zehrava-gate: ${error.message}\n\n${usage()}`);
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

// `exit` instead of an empty event loop: a runtime that is slow to close must not delay a finished command.
process.exit(await main(process.argv.slice(2), processIo()));
