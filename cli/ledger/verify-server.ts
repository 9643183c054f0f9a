import { fails, holds, notShown, quoted, type Finding } from "../../verifier/finding.ts";
import type { CommandIo } from "../io.ts";
import { claimOf } from "./entry-line.ts";
import { exportOutcome, showReport } from "./findings.ts";
import { verifyLog } from "./key-rotation.ts";
import type { LedgerOptions } from "./options.ts";
import { connectServer, type Health, type LogServer } from "./server.ts";
import { trustedKeys } from "./trust.ts";

/** A long log says where it is, this often. */
const PROGRESS_ENTRIES = 10_000;

/** Streams a server's whole log through the verifier, and asks its sealer what it thinks. */
export async function verifyServer(options: LedgerOptions, io: CommandIo): Promise<number> {
  const { origin, held, json } = options;
  const server = connectServer(options);
  const { vkeys, finding } = await trustedKeys(server, options.keys);
  // First: asking makes it seal what came in, so the checkpoint covers it.
  const health = await server.health();
  const note = await server.checkpoint();
  const log = await verifyLog(() => linesUpTo(server, note, io), vkeys, { origin, held });
  const { report } = log;
  const { outcome, more } = exportOutcome(report);
  const findings = [finding, sealerFinding(health), ...log.findings, ...report.findings];
  const isBroken = findings.some(({ status }) => status === "fails");
  // Whoever took a server over signs with their own key and publishes that.
  const isPinned = options.keys.length > 0;
  const closing =
    isBroken || held.length > 0
      ? []
      : ["", "Keep this checkpoint, and hand it in next time with --checkpoint:", "", note];
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

/** Rows that are not in the log are checked by the sealer, which alone has the key of their MACs. */
function sealerFinding({ fault, rows, sealed, status }: Health): Finding {
  const name = "sealer";
  if (fault !== null) {
    const row = fault.row === null ? "" : ` at row ${fault.row}`;
    const chain = fault.chain === null ? "" : ` of the chain ${quoted(fault.chain)}`;
    return fails(
      name,
      `The sealer stands still${row}${chain}: ${quoted(fault.reason)}. Nothing from there on is sealed.`,
    );
  }
  if (status === "sealed" && rows === sealed) {
    return holds(
      name,
      `All ${rows} rows are sealed, and the sealer found nothing wrong when it sealed them.`,
    );
  }
  return notShown(name, `The sealer is behind: ${sealed} of ${rows} rows are sealed.`);
}
