import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runApprove, runReject } from "./decide.ts";
import { runList } from "./list.ts";
import { WHO } from "./options.ts";
import { runShow } from "./show.ts";
import { runWatch } from "./watch.ts";

const USAGE = `Usage: zehrava-gate approvals <command> [options]

  list                 cases that wait for a decision, newest first
  list --groups        the same, in groups of similar cases
  show <id>            one case, with its payload
  approve <id…>        show each case, confirm once, and approve exactly what was shown
  reject <id…>         the same with a reason; without --reason it prompts for one
  watch                new cases and their outcomes, until Ctrl-C

Options
${connectionUsage(WHO)}
  --yes                approve without confirmation (approve)
  --comment TEXT       comment for the approval (approve); the agent and its runner read it, and people who see the case
  --reason TEXT        reason for the rejection (reject); read by the same
  --on-behalf-of WHO   vote for a person who delegated their vote to you (approve, reject)
  --mine  --group G  --destination D  --policy P  --agent ID  --limit N
                       filters (list; watch without --limit); --policy is one in force, whatever the agent named
  --person P           voted on by this person (list)
  --search TEXT        part of the agent's name, destination, action, policy, reason code, or of who voted (list)
  --full               all of a long payload (show)
  --interval SECONDS   seconds between polls (watch; default 5)
  --bell               ring for each new case (watch)
  --json               output for programs; approve needs --yes with it, reject --reason; watch prints a line each
  --help

The id of a waiting case may be shortened to 12 or more characters if no other waiting case begins with them.
Exit codes: 0 done, 1 refused or not decided, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate approvals …`. */
export const APPROVALS: Subcommands = {
  name: "approvals",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["show", runShow],
    ["approve", runApprove],
    ["reject", runReject],
    ["watch", runWatch],
  ]),
  failure: apiFailure,
};
