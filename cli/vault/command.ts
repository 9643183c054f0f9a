import { EXIT_FAILED, EXIT_USAGE, type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runCheck } from "./check.ts";
import { Unreachable } from "../exchange.ts";
import { Refused } from "./server.ts";

const USAGE = `Usage: zehrava-gate vault check [options]

  check                fetch every credential of gate.yaml once, and say which can't be had and why

Options
  --server URL         default: GATE_ENDPOINT, then http://127.0.0.1:4000
  --api-key-file FILE  an admin's key is in this file, else in GATE_ADMIN_KEY
  --json               for programs
  --help

The server fetches them, as for a call; no secret is shown, nor sent here.
Exit codes: 0 all can be had, 1 some can't or the server refused, 2 used wrongly or nothing could be asked.`;

const VAULT: Subcommands = {
  name: "vault",
  usage: USAGE,
  commands: new Map([["check", runCheck]]),
  failure(error) {
    if (error instanceof Refused) return { message: error.message, code: EXIT_FAILED };
    const isTheirs = error instanceof UsageError || error instanceof Unreachable;
    return isTheirs ? { message: error.message, code: EXIT_USAGE } : null;
  },
};

/** `zehrava-gate vault …`: writes to `io`, and returns the exit code. */
export function runVaultCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(VAULT, args, io);
}
