import { type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { runDiff } from "./diff.ts";
import { runExplain } from "./explain.ts";
import { runLint } from "./lint.ts";
import { EXIT_USAGE, UsageMistake } from "./options.ts";
import { runReplay } from "./replay.ts";
import { runTest } from "./test.ts";

const USAGE = `Usage: zehrava-gate policy <command> [options]

  lint                      check policies and registry: errors with line and column, and warnings
  test [file…]              run the cases in <policy-dir>/tests, or in the named files
  explain <case.yaml>       evaluate one proposal under the policies here, and show every rule
  explain <intent id> --server URL
                            show a server's decision on an intent
  replay --from FILE        evaluate recorded intents again under the policies here, and show what would change
  replay --server URL       the same with the intents of a server
  diff <old> <new>          describe the changes between two policy files, or two directories of them

Options
  --policy-dir DIR          default ./policies
  --registry FILE           default ./gate.yaml; "none" for no registry
  --json                    output for programs
  --strict                  lint: warnings fail as well
  --limit N                 replay --server: at most so many intents, newest first (default 1000)
  --help

Requests to a server use the key in GATE_API_KEY. Exit codes: 0 nothing found, 1 something was found, 2 wrong usage.`;

const POLICY: Subcommands = {
  name: "policy",
  usage: USAGE,
  commands: new Map([
    ["lint", runLint],
    ["test", runTest],
    ["explain", runExplain],
    ["replay", runReplay],
    ["diff", runDiff],
  ]),
  failure: (error) => (error instanceof UsageMistake ? { message: error.message, code: EXIT_USAGE } : null),
};

/** `zehrava-gate policy …`: writes to `io`, and returns the exit code. */
export function runPolicyCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(POLICY, args, io);
}
