import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runDiff } from "./diff.ts";
import { runExplain } from "./explain.ts";
import { runLint } from "./lint.ts";
import { runPending } from "./pending.ts";
import { runReplay } from "./replay.ts";
import { runTest } from "./test.ts";
import { WHO } from "./options.ts";

const USAGE = `Usage: zehrava-gate policy <command> [options]

  lint                      check policies and registry: errors with line and column, and warnings
  test [file…]              run the cases in <policy-dir>/tests, or in the named files
  explain <case.yaml>       evaluate one proposal under the policies here, and show every rule
  explain <intent id>       show a server's decision on an intent
  replay --from FILE        evaluate recorded intents again under the policies here, and show what would change
  replay                    the same with the intents of a server
  pending                   what the policies here would make of the cases that wait at a server, changing nothing
                            (an admin's key)
  diff <old> <new>          describe the changes between two policy files, or two directories of them

Options
  --policy-dir DIR          default ./policies
  --registry FILE           default ./gate.yaml; "none" for no registry
  --json                    output for programs
  --strict                  lint: warnings fail as well
  --limit N                 replay: at most so many intents of a server, newest first (default 1000)
  --help

explain <intent id> and replay read a server:
${connectionUsage(WHO)}

Exit codes: 0 nothing found, 1 something was found, or the server refused, 2 wrong usage, or no server.`;

/** `zehrava-gate policy …`. */
export const POLICY: Subcommands = {
  name: "policy",
  usage: USAGE,
  commands: new Map([
    ["lint", runLint],
    ["test", runTest],
    ["explain", runExplain],
    ["replay", runReplay],
    ["pending", runPending],
    ["diff", runDiff],
  ]),
  failure: apiFailure,
};
