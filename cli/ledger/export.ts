import { isEqual } from "../../verifier/bytes.ts";
import { leafOf } from "../../verifier/entry.ts";
import { EXIT_FAILED, type CommandIo } from "../io.ts";
import { ownCommand, shellPath } from "../own-command.ts";
import { UsageError } from "../usage.ts";
import { EMPTY_FRONTIER, appendLeaf, rootOf, type Frontier } from "./frontier.ts";
import { claimOf, readLine } from "./entry-line.ts";
import { openTarget, type Target } from "./export-file.ts";
import { readLedgerOptions, Unreadable } from "./options.ts";
import { connectServer, type LogServer } from "./server.ts";

/** Entries between two lines of progress. */
const PROGRESS_ENTRIES = 10_000;

/** Writes every entry of a server's log and the signed checkpoint over them; continues an existing file. */
export async function runExport(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readLedgerOptions(args, ["server", "api-key-file", "from", "out", "json"]);
  const { from, out, json } = options;
  if (json && out === null) throw new UsageError("--json tells of a file: name it with --out");
  const server = connectServer(options);
  // First a request: a key that may not read the ledger must not leave an empty file behind.
  await server.health();
  const note = await server.checkpoint();
  const target = out === null ? standardOutput(io) : await openTarget(out);
  if (from !== null && target.next !== null && from !== target.next) {
    throw new UsageError(`${out} ends before entry ${target.next}: omit --from to continue it`);
  }
  const wrong = await mismatch(server, target, note);
  if (wrong !== null) {
    target.close();
    if (!isSigned(target)) throw new Unreadable(`${out} can't be continued: ${wrong} ${UNSIGNED_FILE}`);
    io.err(`ALARM: ${wrong} Nothing was written. Keep the file: its checkpoints are signed.`);
    return EXIT_FAILED;
  }
  const copied = await copy(server, target, target.next ?? from ?? 0, note, io);
  target.close();
  if (json) {
    io.out(JSON.stringify({ file: out, ...copied, checkpoint: note }, null, 2));
    return copied.root === "other" ? EXIT_FAILED : 0;
  }
  return conclude(copied, out, server, io);
}

function standardOutput(io: CommandIo): Target {
  return {
    next: null,
    frontier: EMPTY_FRONTIER,
    lastLine: null,
    closedAt: null,
    write: (text) => io.out(text),
    close: () => undefined,
  };
}

/** Does a checkpoint in the file cover all its entries? Else a changed line of the file looks like a changed log. */
function isSigned({ frontier, closedAt }: Target): boolean {
  return frontier !== null && closedAt === frontier.size;
}

const UNSIGNED_FILE =
  "No checkpoint in the file covers that entry, so that the file may have been changed as well. Nothing was written: check the file with `ledger verify`, and export into another one.";

/** Why the file is not a prefix of the server's log; null: it is one. */
async function mismatch(server: LogServer, target: Target, note: string): Promise<string | null> {
  const { next, frontier, lastLine } = target;
  if (next === null) return null;
  const { size, root } = claimOf(note);
  if (size < next) {
    return `The file has ${next} entries, and the server's log ends after ${size}: the log shrank, or it is another log.`;
  }
  if (frontier?.size === size && (root === null || !isEqual(root, rootOf(frontier)))) {
    return `The server signed another tree of ${size} entries than those in the file.`;
  }
  const { lines } = await server.entries(next - 1, 1);
  const theirs = readLine(lines[0] ?? "");
  const ours = readLine(lastLine ?? "");
  const isSame =
    theirs.kind === "entry" &&
    ours.kind === "entry" &&
    theirs.index === ours.index &&
    isEqual(leafOf(theirs.entry), leafOf(ours.entry));
  return isSame
    ? null
    : `The server's entry ${next - 1} differs from the file's: the log was rewritten, or it is another log.`;
}

interface Copied {
  readonly from: number;
  readonly entries: number;
  readonly size: number;
  /** `other`: the entries are not the signed ones. `unknown`: an export from `--from` lacks the earlier leaves. */
  readonly root: "same" | "other" | "unknown";
}

async function copy(
  server: LogServer,
  target: Target,
  from: number,
  note: string,
  io: CommandIo,
): Promise<Copied> {
  const { size, root } = claimOf(note);
  let frontier: Frontier | null = from === (target.frontier?.size ?? -1) ? target.frontier : null;
  let isWhole = true;
  let entries = 0;
  let nextProgress = PROGRESS_ENTRIES;
  for (let at = from; at < size;) {
    const page = await server.entries(at, size - at);
    for (const text of page.lines) {
      const line = readLine(text);
      // A line that does not fit is written too: an export of a damaged log is evidence of the damage.
      isWhole &&= line.kind === "entry" && line.index === from + entries;
      if (frontier !== null && line.kind === "entry") frontier = appendLeaf(frontier, leafOf(line.entry));
      entries += 1;
    }
    if (page.lines.length > 0) target.write(`${page.lines.join("\n")}\n`);
    if (page.next <= at) break;
    at = page.next;
    if (entries >= nextProgress) {
      io.err(`${at} of ${size} entries`);
      nextProgress += PROGRESS_ENTRIES;
    }
  }
  if (target.closedAt !== size) target.write(`${JSON.stringify({ checkpoint: note })}\n`);
  isWhole &&= from + entries === Math.max(size, from);
  const isSame = isWhole && (frontier === null || (root !== null && isEqual(root, rootOf(frontier))));
  return { from, entries, size, root: !isSame ? "other" : frontier === null ? "unknown" : "same" };
}

async function conclude(
  { from, entries, size, root }: Copied,
  out: string | null,
  server: LogServer,
  io: CommandIo,
) {
  const where = out ?? "the export";
  if (root === "other") {
    io.err(
      `ALARM: the server's entries do not match its signed checkpoint of size ${size}. Check with: ledger verify`,
    );
    return EXIT_FAILED;
  }
  if (entries === 0 && from === size) {
    io.err(`Nothing new: ${where} has all ${size} entries.`);
    return 0;
  }
  io.err(`Wrote ${entries} entries from ${from} on and a checkpoint of size ${size} to ${where}.`);
  if (root === "unknown") {
    io.err(
      "Verify a piece together with the entries before it: cat first.ndjson piece.ndjson | … ledger verify -",
    );
    return 0;
  }
  const { vkeys } = await server.published();
  io.err(
    `Check it with: ${ownCommand()} ledger verify ${out === null ? "-" : shellPath(out)} ${vkeys.map((vkey) => `--key ${vkey}`).join(" ")}`,
  );
  io.err(
    "A key from the same server proves nothing against that server: use the key that you pinned earlier.",
  );
  return 0;
}
