import { EXIT_USAGE, type CommandIo, type ExitCode } from "../io.ts";
import { runSubcommand, type Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runExport } from "./export.ts";
import { Unreadable } from "./options.ts";
import { runTail } from "./tail.ts";
import { runVerify } from "./verify.ts";

const USAGE = `Usage: zehrava-gate ledger <command> [options]

  verify <bundle.json | export.ndjson | ->   check evidence without asking anybody
  verify --server URL                        check a server's whole log
  export --server URL                        write the whole log as NDJSON, ending with a signed checkpoint
  tail --server URL                          show entries as they are sealed, and watch that the log only grows

Options
  --key VKEY            public key of the log, known from before (verify, tail; more than one after a change of keys)
  --checkpoint FILE     signed checkpoint kept from before: the log must have grown out of it (verify, tail)
  --proof FILE          what links a bundle with that checkpoint: the answer of /log/proof/consistency (verify)
  --origin NAME         name the log must go by, where it is not its key's (verify)
  --out FILE            export into a file, or go on with one (export; default: standard output)
  --from N              export a piece, from this entry on (export)
  --interval SECONDS    how often to look (tail; default 10)
  --api-key-file FILE   the server is asked with the key in this file, else with GATE_API_KEY; an auditor's or admin's
  --json                for programs (verify, tail)
  --help

Exit codes: 0 everything holds, 1 something does not or is not shown, 2 used wrongly or nothing could be read.`;

const LEDGER: Subcommands = {
  name: "ledger",
  usage: USAGE,
  commands: new Map([
    ["verify", runVerify],
    ["export", runExport],
    ["tail", runTail],
  ]),
  failure(error) {
    const isTheirs = error instanceof UsageError || error instanceof Unreadable;
    return isTheirs ? { message: error.message, code: EXIT_USAGE } : null;
  },
};

/** `zehrava-gate ledger …`: writes to `io`, and returns the exit code. */
export function runLedgerCommand(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  return runSubcommand(LEDGER, args, io);
}
