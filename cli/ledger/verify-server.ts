import { fails, holds, notShown, quoted, type Finding } from "../../verifier/finding.ts";
import type { CommandIo } from "../io.ts";
import { claimOf } from "./entry-line.ts";
import { exportOutcome, showReport } from "./findings.ts";
import { verifyLog } from "./key-rotation.ts";
import type { LedgerOptions } from "./options.ts";
import { connectServer, type Health, type LogServer } from "./server.ts";
import { trustedKeys } from "./trust.ts";

/** Entries between two lines of progress. */
const PROGRESS_ENTRIES = 10_000;

/** Streams a server's whole log through the verifier, and reports its sealer's state. */
export async function verifyServer(options: LedgerOptions, io: CommandIo): Promise<number> {
  const { origin, held, json } = options;
  const server = connectServer(options);
  const { vkeys, finding } = await trustedKeys(server, options.keys);
  // First, because this request makes the server seal pending rows, which the checkpoint then covers.
  const health = await server.health();
  const note = await server.checkpoint();
  const log = await verifyLog(() => linesUpTo(server, note, io), vkeys, { origin, held });
  const { report } = log;
  const { outcome, more } = exportOutcome(report);
  const findings = [finding, sealerFinding(health), ...log.findings, ...report.findings];
  const isBroken = findings.some(({ status }) => status === "fails");
  // An attacker who took the server over signs with a key of their own, and publishes that: only a pin can prove.
  const isPinned = options.keys.length > 0;
  const closing =
    isBroken || held.length > 0
      ? []
      : ["", "Save this checkpoint, and pass it with --checkpoint next time:", "", note];
  return showReport(
    {
      of: "server",
      outcome: isBroken ? "broken" : isPinned ? outcome : "incomplete",
      findings,
      more: { ...more, checkpoint: note },
      closing,
    },
    json,
    io,
  );
}

async function* linesUpTo(server: LogServer, note: string, io: CommandIo): AsyncGenerator<string> {
  const { size } = claimOf(note);
  let nextProgress = PROGRESS_ENTRIES;
  for (let from = 0; from < size;) {
    const { lines, next } = await server.entries(from, size - from);
    yield* lines;
    if (next <= from) break;
    from = next;
    if (from >= nextProgress) {
      io.err(`${from} of ${size} entries`);
      nextProgress += PROGRESS_ENTRIES;
    }
  }
  yield JSON.stringify({ checkpoint: note });
}

/** The finding about rows outside the log: only the sealer has the key to verify their MACs. */
function sealerFinding({ fault, rows, sealed, status }: Health): Finding {
  const name = "sealer";
  if (fault !== null) {
    const row = fault.row === null ? "" : ` at row ${fault.row}`;
    const chain = fault.chain === null ? "" : ` of the chain ${quoted(fault.chain)}`;
    return fails(
      name,
      `The sealer stopped${row}${chain}: ${quoted(fault.reason)}. No row from there on is sealed.`,
    );
  }
  if (status === "sealed" && rows === sealed) {
    return holds(name, `All ${rows} rows are sealed, and the sealer found no fault.`);
  }
  return notShown(name, `The sealer is behind: ${sealed} of ${rows} rows are sealed.`);
}
