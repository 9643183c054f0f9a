import { Unreachable } from "../exchange.ts";
import { EXIT_FAILED, EXIT_USAGE, type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runEngage, runLift, runList } from "./run.ts";
import { Refused } from "./server.ts";

const USAGE = `Usage: zehrava-gate switches <command> [options]

  list                             the engaged kill switches
  engage agent ID                  stop one agent
  engage destination NAME          stop one destination, or all of one system: "stripe.*"
  engage everything                stop everything
  lift agent ID | destination NAME | everything

Options
  --reason WORD        for engage: incident (default), suspected_compromise, wrong_behaviour, upstream_outage,
                       maintenance, drill or other
  --ticket ID          for engage: a number in your tracker
  --force              for engage: although no known destination matches
  --server URL         default: GATE_ENDPOINT, then http://127.0.0.1:4000
  --api-key-file FILE  file with a reviewer's key, an admin's to lift; default: GATE_API_KEY
  --json               output for programs
  --help

Exit codes: 0 done, 1 the server refused, 2 wrong usage, or the server could not be reached.`;

const SWITCHES: Subcommands = {
  name: "switches",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["engage", runEngage],
    ["lift", runLift],
  ]),
  failure(error) {
    if (error instanceof Refused) return { message: error.message, code: EXIT_FAILED };
    const isExpected = error instanceof UsageError || error instanceof Unreachable;
    return isExpected ? { message: error.message, code: EXIT_USAGE } : null;
  },
};

/** `zehrava-gate switches …`: writes to `io`, and returns the exit code. */
export function runSwitchesCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(SWITCHES, args, io);
}
