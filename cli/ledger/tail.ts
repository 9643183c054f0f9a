import { setTimeout as wait } from "node:timers/promises";
import { fromBase64, isEqual } from "../../verifier/bytes.ts";
import { webCryptoEd25519 } from "../../verifier/ed25519.ts";
import { leafOf } from "../../verifier/entry.ts";
import { quoted } from "../../verifier/finding.ts";
import { isConsistent } from "../../verifier/merkle.ts";
import { openTreeHead, readVkey, type LogKey, type TreeHead } from "../../verifier/tree-head.ts";
import { EXIT_FAILED, type CommandIo } from "../io.ts";
import { exitOnStopSignal } from "../stop-signal.ts";
import { UsageError } from "../usage.ts";
import { frontierOf, appendLeaf, rootOf, type Frontier } from "./frontier.ts";
import { readLine, type Line } from "./entry-line.ts";
import { readLedgerOptions, Unreadable } from "./options.ts";
import { connectServer, Refused, type LogServer } from "./server.ts";
import { trustedKeys } from "./trust.ts";

/** A cache can serve a checkpoint that is seconds old; one that stays smaller shows a truncated log. */
const SMALLER_TOLERATED = 3;

/** A verified tree head, with the frontier for appending to it. */
interface Seen {
  readonly note: string;
  readonly head: TreeHead;
  readonly frontier: Frontier;
}

/** Proof of misbehaviour: a signed log never does this. Ends the watch. */
class Alarm extends Error {
  override readonly name = "Alarm";
}

/** Shows entries as they are sealed. Ends only on proof of misbehaviour, a refused key, or a signal. */
export async function runTail(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readLedgerOptions(args, [
    "server",
    "key",
    "api-key-file",
    "interval",
    "json",
    "checkpoint",
  ]);
  const { intervalMs, json, held } = options;
  // Not to the output, which is the entries alone.
  exitOnStopSignal(io.err);
  if (held.length > 1) throw new UsageError("tail takes one --checkpoint");
  const server = connectServer(options);
  const { vkeys, finding } = await trustedKeys(server, options.keys);
  if (finding.status !== "holds") io.err(finding.words);
  if (finding.status === "fails") return EXIT_FAILED;
  const keys = vkeys.map(readVkey).filter((key) => key !== null);
  try {
    return await watch(server, keys, held[0] ?? null, { intervalMs, json, io });
  } catch (error) {
    if (!(error instanceof Alarm)) throw error;
    io.err(`ALARM: ${error.message}`);
    return EXIT_FAILED;
  }
}

interface Watch {
  readonly intervalMs: number;
  readonly json: boolean;
  readonly io: CommandIo;
}

async function watch(
  server: LogServer,
  keys: readonly LogKey[],
  held: string | null,
  { intervalMs, json, io }: Watch,
): Promise<never> {
  let seen: Seen | null = null;
  let smaller = 0;
  let isAway = false;
  for (;;) {
    try {
      seen ??= await begin(server, await openNote(held ?? (await server.checkpoint()), keys), io);
      const next = await openNote(await server.checkpoint(), keys);
      if (next.head.size < seen.head.size) {
        smaller += 1;
        await checkSmaller(server, seen, next, smaller);
      } else {
        smaller = 0;
        seen = await follow(server, seen, next, (line) =>
          io.out(json ? JSON.stringify(line) : entryText(line)),
        );
      }
      if (isAway) io.err("The server responds again.");
      isAway = false;
    } catch (error) {
      // An unreachable server can recover; a refused key stays refused.
      const isFinal = error instanceof Refused && (error.status === 401 || error.status === 403);
      if (isFinal || !(error instanceof Unreadable)) throw error;
      if (!isAway) io.err(`${error.message}; trying again every ${intervalMs / 1_000} s`);
      isAway = true;
    }
    await wait(intervalMs);
  }
}

async function openNote(note: string, keys: readonly LogKey[]): Promise<Omit<Seen, "frontier">> {
  const opened = await openTreeHead(note, keys, webCryptoEd25519);
  if (opened.state === "signed") return { note, head: opened.head };
  const what = {
    malformed: "is no signed tree head",
    unsigned: "is not signed by a trusted key",
    forged: "is forged",
  };
  throw new Alarm(
    opened.state === "unchecked"
      ? "this Node can't check Ed25519 signatures"
      : `the checkpoint ${what[opened.state]}:\n\n${printable(note)}`,
  );
}

async function begin(
  server: LogServer,
  { note, head }: Omit<Seen, "frontier">,
  io: CommandIo,
): Promise<Seen> {
  const { size, root, origin } = head;
  const last = size === 0 ? { leaf: "", proof: [] } : await server.inclusion(size - 1, size);
  const frontier = last === null ? null : frontierOf(size, root, last.leaf, last.proof);
  if (frontier === null) {
    throw new Alarm(
      `the server can't show the last entry of the signed tree of ${size}: it has another log, or a shorter one.\n\n${note}`,
    );
  }
  io.err(`Watching the log ${quoted(origin)} from entry ${size} on.`);
  return { note, head, frontier };
}

/** Tolerates an older tree of the same log from a cache for a few polls; any other smaller tree is an alarm. */
async function checkSmaller(
  server: LogServer,
  seen: Seen,
  next: Omit<Seen, "frontier">,
  times: number,
): Promise<void> {
  const hashes = await hashesBetween(server, next.head.size, seen.head.size);
  const isOlder =
    hashes !== null && isConsistent(next.head.size, next.head.root, seen.head.size, seen.head.root, hashes);
  if (isOlder && times < SMALLER_TOLERATED) return;
  throw new Alarm(
    `the log shrank from ${seen.head.size} to ${next.head.size} entries. Keep both checkpoints:\n\n${seen.note}\n${next.note}`,
  );
}

async function follow(
  server: LogServer,
  seen: Seen,
  next: Omit<Seen, "frontier">,
  show: (line: Extract<Line, { kind: "entry" }>) => void,
): Promise<Seen> {
  const { head } = next;
  const hashes = seen.head.size === head.size ? [] : await hashesBetween(server, seen.head.size, head.size);
  if (
    head.origin !== seen.head.origin ||
    hashes === null ||
    !isConsistent(seen.head.size, seen.head.root, head.size, head.root, hashes)
  ) {
    throw new Alarm(
      `the log forked: no proof shows that the tree of ${head.size} entries extends the one of ${seen.head.size}. Keep both checkpoints:\n\n${seen.note}\n${next.note}`,
    );
  }
  let { frontier } = seen;
  for (let from = frontier.size; from < head.size;) {
    const page = await server.entries(from, head.size - from);
    for (const text of page.lines) {
      const line = readLine(text);
      if (line.kind !== "entry" || line.index !== frontier.size) {
        throw new Alarm(
          `the server does not show entry ${frontier.size} of the signed log: its ledger was changed.`,
        );
      }
      frontier = appendLeaf(frontier, leafOf(line.entry));
      show(line);
    }
    if (page.next <= from) break;
    from = page.next;
  }
  if (frontier.size !== head.size || !isEqual(rootOf(frontier), head.root)) {
    throw new Alarm(
      `the entries from ${seen.head.size} on are not the signed ones: the ledger was changed after it was sealed.\n\n${next.note}`,
    );
  }
  return { ...next, frontier };
}

/** The hashes of a consistency proof; null: the server has none, or a malformed one. */
async function hashesBetween(
  server: LogServer,
  old: number,
  size: number,
): Promise<readonly Uint8Array[] | null> {
  const proof = await server.consistency(old, size);
  if (proof === null) return null;
  const hashes = proof.map(fromBase64).filter((hash) => hash?.length === 32) as Uint8Array[];
  return hashes.length === proof.length ? hashes : null;
}

function entryText({ index, entry }: Extract<Line, { kind: "entry" }>): string {
  const { intent, seq, event, actor, at } = entry;
  const time = Number.isNaN(new Date(at).getTime()) ? String(at) : new Date(at).toISOString();
  return `${index}  ${time}  ${printableName(intent)} ${seq}  ${printableName(event)}  by ${printableName(actor)}`;
}

/** Names from an untrusted ledger, without characters that a terminal would act on. */
function printableName(name: string): string {
  return quoted(name).slice(1, -1);
}

function printable(note: string): string {
  return note.split("\n").slice(0, 10).map(printableName).join("\n");
}
