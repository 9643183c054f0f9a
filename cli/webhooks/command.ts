import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runDeliveries, runReplay } from "./deliveries.ts";
import { WHO } from "./flags.ts";
import { runAdd, runList, runRemove, runRotate, runTest } from "./run.ts";

const USAGE = `Usage: zehrava-gate webhooks <command> [options]

  list                    the registered webhooks
  add URL                 register one, and print its secret, which is shown once
  rotate ID               give it another secret; for 24 hours both sign
  test ID                 send it a test event, and wait for the outcome
  deliveries ID           what was sent to it, newest first
  replay ID DELIVERY      send one of these again
  remove ID               send nothing more to it, pending deliveries included

Options
  --events A,B            intent.approved and the like, intent.* or * (add; default: *)
  --description TEXT      for people (add)
  --limit N               deliveries to show, 1 to 200 (deliveries; default 20)
  --yes                   without confirmation (rotate, remove)
${connectionUsage(WHO)}
  --json                  output for programs
  --help

Exit codes: 0 done, 1 refused, not delivered or not changed, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate webhooks …`. */
export const WEBHOOKS: Subcommands = {
  name: "webhooks",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["add", runAdd],
    ["rotate", runRotate],
    ["test", runTest],
    ["deliveries", runDeliveries],
    ["replay", runReplay],
    ["remove", runRemove],
  ]),
  failure: apiFailure,
};
