import { apiFailure } from "../api.ts";
import { connectionUsage } from "../server-and-key.ts";
import type { Subcommands } from "../subcommands.ts";
import { runCheck, WHO } from "./check.ts";

const USAGE = `Usage: zehrava-gate vault check [options]

  check                fetch every credential of gate.yaml once, and report each failure with its reason

Options
${connectionUsage(WHO)}
  --json               output for programs
  --help

The server fetches them, as for an upstream call; no secret is sent to this command.
Exit codes: 0 all fetched, 1 a fetch failed or the server refused, 2 wrong usage, or the server could not be reached.`;

/** `zehrava-gate vault …`. */
export const VAULT: Subcommands = {
  name: "vault",
  usage: USAGE,
  commands: new Map([["check", runCheck]]),
  failure: apiFailure,
};
