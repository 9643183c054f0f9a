import { EXIT_USAGE } from "../io.ts";
import type { Subcommands } from "../subcommands.ts";
import { UsageError } from "../usage.ts";
import { runExport } from "./export.ts";
import { Unreadable } from "./options.ts";
import { WHO } from "./server.ts";
import { runShow } from "./show.ts";
import { runTail } from "./tail.ts";
import { runVerify } from "./verify.ts";

const USAGE = `Usage: zehrava-gate ledger <command> [options]

  verify <bundle.json | export.ndjson | ->   check evidence offline
  show <bundle.json | ->                     what happened to one intent, in eight lines
  verify                                     check a server's whole log
  export                                     write the whole log as NDJSON, ending with a signed checkpoint
  tail                                       show entries as they are sealed, and check that the log is append-only

Options
  --server URL          default: GATE_ENDPOINT, then http://127.0.0.1:4000
  --api-key-file FILE   file with ${WHO}; default: GATE_API_KEY
  --key VKEY            public key of the log, pinned earlier (show, verify, tail; several after a rotation)
  --checkpoint FILE     signed checkpoint saved earlier: the log must extend it (verify, tail)
  --proof FILE          consistency proof from that checkpoint to the bundle's: /log/proof/consistency (verify)
  --origin NAME         expected name of the log, where it is not its key's name (show, verify)
  --out FILE            write to a file, or continue one (export; default: standard output)
  --from N              export only the entries from index N on (export)
  --interval SECONDS    seconds between polls (tail; default 10)
  --json                output for programs (export: about the file of --out)
  --help

Exit codes: 0 everything holds, 1 something fails or is not shown, 2 wrong usage, or nothing could be read.`;

/** `zehrava-gate ledger …`. */
export const LEDGER: Subcommands = {
  name: "ledger",
  usage: USAGE,
  commands: new Map([
    ["show", runShow],
    ["verify", runVerify],
    ["export", runExport],
    ["tail", runTail],
  ]),
  failure(error) {
    const isExpected = error instanceof UsageError || error instanceof Unreadable;
    return isExpected ? { message: error.message, code: EXIT_USAGE } : null;
  },
};
