import { EXIT_FAILED, EXIT_USAGE, type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runCheck } from "./check.ts";
import { Unreachable } from "../exchange.ts";
import { Refused } from "./server.ts";

const USAGE = `Usage: zehrava-gate vault check [options]

  check                fetch every credential of gate.yaml once, and report each failure with its reason

Options
  --server URL         default: GATE_ENDPOINT, then http://127.0.0.1:4000
  --api-key-file FILE  file with an admin's key; default: GATE_ADMIN_KEY
  --json               output for programs
  --help

The server fetches them, as for an upstream call; no secret is sent to this command.
Exit codes: 0 all fetched, 1 a fetch failed or the server refused, 2 wrong usage, or the server could not be reached.`;

const VAULT: Subcommands = {
  name: "vault",
  usage: USAGE,
  commands: new Map([["check", runCheck]]),
  failure(error) {
    if (error instanceof Refused) return { message: error.message, code: EXIT_FAILED };
    const isExpected = error instanceof UsageError || error instanceof Unreachable;
    return isExpected ? { message: error.message, code: EXIT_USAGE } : null;
  },
};

/** `zehrava-gate vault …`: writes to `io`, and returns the exit code. */
export function runVaultCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(VAULT, args, io);
}
