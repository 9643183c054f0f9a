import { Unreachable } from "../exchange.ts";
import { EXIT_FAILED, EXIT_USAGE, type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runApprove, runReject } from "./decide.ts";
import { runList } from "./list.ts";
import { Refused } from "./server.ts";
import { runShow } from "./show.ts";
import { runWatch } from "./watch.ts";

const USAGE = `Usage: zehrava-gate approvals <command> [options]

  list                 what waits for a decision, newest first
  list --groups        what is alike of it
  show <id>            one case, with its payload
  approve <id…>        show each case, ask once, and approve exactly what was shown
  reject <id…>         the same with a reason, which is asked for when it is not given
  watch                what comes in and how it ends, until Ctrl-C

Options
  --server URL         default: GATE_ENDPOINT, then http://127.0.0.1:4000
  --api-key-file FILE  a reviewer's key is in this file, else in GATE_REVIEWER_KEY
  --yes                do not ask (approve)
  --comment TEXT       what goes with the approval (approve)
  --reason TEXT        why (reject)
  --on-behalf-of WHO   give the vote of somebody who delegates theirs (approve, reject)
  --mine  --group G  --destination D  --policy P  --agent ID  --limit N
                       what to list (list; watch without --limit)
  --full               all of a long payload (show)
  --interval SECONDS   how often to look (watch; default 5)
  --bell               ring for what is new (watch)
  --json               for programs (list, show)
  --help

An id may be shortened to its first 12 characters or more where it waits and no other begins alike.
Exit codes: 0 done, 1 refused or not decided, 2 used wrongly or nothing could be asked.`;

const APPROVALS: Subcommands = {
  name: "approvals",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["show", runShow],
    ["approve", runApprove],
    ["reject", runReject],
    ["watch", runWatch],
  ]),
  failure(error) {
    if (error instanceof Refused) {
      return { message: error.message, code: error.status === 401 ? EXIT_USAGE : EXIT_FAILED };
    }
    const isTheirs = error instanceof UsageError || error instanceof Unreachable;
    return isTheirs ? { message: error.message, code: EXIT_USAGE } : null;
  },
};

/** `zehrava-gate approvals …`: writes to `io`, and returns the exit code. */
export function runApprovalsCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(APPROVALS, args, io);
}
