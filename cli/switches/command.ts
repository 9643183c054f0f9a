import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runEngage, runLift, runList, WHO } from "./run.ts";

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
${connectionUsage(`${WHO}, an admin's to lift`)}
  --json               output for programs
  --help

Exit codes: 0 done, 1 the server refused, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate switches …`. */
export const SWITCHES: Subcommands = {
  name: "switches",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["engage", runEngage],
    ["lift", runLift],
  ]),
  failure: apiFailure,
};
