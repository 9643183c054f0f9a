import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runList, runUnlink } from "./run.ts";
import { ownCommand } from "../own-command.ts";

const USAGE = `Usage: zehrava-gate people <command> [options]

  list                    everybody who can sign in or holds a key, with what belongs to them
  unlink WHO              forget the account with which a person signs in, so that another one can take its place

People are entries of gate.yaml; \`${ownCommand()} agents add NAME --role reviewer --person ID\` gives one a key, and
\`${ownCommand()} agents suspend WHO\` stops one. WHO is the id (rev_…) or name of a principal that signs in.

Options
  --yes                   without confirmation (unlink)
${connectionUsage("an admin's key; a reviewer's lists")}
  --json                  output for programs
  --help

Exit codes: 0 done, 1 the server refused or nothing was changed, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate people …`. */
export const PEOPLE: Subcommands = {
  name: "people",
  usage: USAGE,
  commands: new Map([
    ["list", runList],
    ["unlink", runUnlink],
  ]),
  failure: apiFailure,
};
