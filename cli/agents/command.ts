import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runAdd } from "./add.ts";
import { runReactivate, runRevoke, runRole, runRotate, runSuspend } from "./change.ts";
import { runList, runShow } from "./list.ts";

const USAGE = `Usage: zehrava-gate agents <command> [options]

  list                    agents, runners and people's keys, with role and status
  show WHO                one of them
  add NAME                register one, and print its key, which is shown once
  rotate WHO              give it another key; the old one ends at once
  role WHO ROLE           give it another role; what the old one had begun ends
  suspend WHO             refuse its key, until it is reactivated
  reactivate WHO          accept a suspended key again
  revoke WHO              refuse its key for good

WHO is an id (agt_…, rev_…) or a name.

Options
  --role ROLE             agent (default), runner, reviewer, auditor or admin (add); only these (list)
  --person ID             whose key it is: a person of gate.yaml (add, for people)
  --owner ID              the person or group that answers for an agent, and can't approve for it (add)
  --destinations A,B      the only destinations that an agent may name (add)
  --policies A,B          the only policies that an agent may name (add)
  --environment NAME  --framework NAME  --risk-tier TIER
                          of an agent (add)
  --yes                   without confirmation (rotate, role, revoke)
${connectionUsage("an admin's key; a reviewer's lists, and stops agents and runners")}
  --json                  output for programs
  --help

Exit codes: 0 done, 1 the server refused or nothing was changed, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate agents …`. */
export const AGENTS: Subcommands = {
  name: "agents",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["show", runShow],
    ["add", runAdd],
    ["rotate", runRotate],
    ["role", runRole],
    ["suspend", runSuspend],
    ["reactivate", runReactivate],
    ["revoke", runRevoke],
  ]),
  failure: apiFailure,
};
