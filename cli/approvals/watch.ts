import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/core/base/json.ts";
import { textMember } from "../../verifier/read-json.ts";
import type { CommandIo } from "../io.ts";
import { isWholeId } from "./find.ts";
import { rowCells } from "./list.ts";
import { Unreachable } from "../exchange.ts";
import { readApprovalOptions, type ApprovalOptions } from "./options.ts";
import { Refused } from "../api.ts";
import { approvalServer, type ApprovalServer } from "./server.ts";
import { nameAndId } from "./names.ts";
import { clipped, compactJson } from "../sanitize-text.ts";

/** The newest 1,000 pending intents are watched: with more waiting, a bell is of no use. */
const MAX_PAGES = 5;

/** Intents that left the queue are fetched one by one, at most this many in each poll. */
const MAX_FETCHED = 20;

/** Polls of an unreachable server back off exponentially, up to this many intervals. */
const MAX_BACKOFF_INTERVALS = 12;

/** `approvals watch`: new intents and their outcomes, until Ctrl-C. */
export async function runWatch(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readApprovalOptions(args, [
    "interval",
    "bell",
    "mine",
    "agent",
    "destination",
    "policy",
    "group",
    "json",
  ]);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const server = approvalServer(options.connection, stop.signal);
  try {
    return await watch(server, options, stop.signal, io);
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  }
}

async function watch(
  server: ApprovalServer,
  { filter, intervalMs, bell, json }: ApprovalOptions,
  stopped: AbortSignal,
  io: CommandIo,
): Promise<number> {
  const waiting = new Map<string, JsonObject>();
  let failures = 0;
  let isFirst = true;
  for (;;) {
    try {
      const rows = await pendingRows(server, filter);
      for (const [id, row] of [...rows].toReversed()) {
        if (waiting.has(id)) continue;
        const ring = bell && !isFirst ? "\u0007" : "";
        const what = isFirst ? "waiting" : "new";
        io.out(json ? jsonLine(what, row) : `${ring}${line(what, rowCells(row, Date.now()))}`);
      }
      await announceDecision(server, waiting, rows, json, io);
      for (const [id, row] of rows) waiting.set(id, row);
      if (isFirst) io.err(`Watching ${server.origin}; Ctrl-C ends it.`);
      if (failures > 0) io.err("The server responds again.");
      isFirst = false;
      failures = 0;
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (failures === 0) io.err(`${error.message}; trying again`);
      failures += 1;
    }
    await pause(intervalMs * Math.min(2 ** failures, MAX_BACKOFF_INTERVALS), undefined, { signal: stopped });
  }
}

/** An unreachable or overloaded server can recover; a refused key stays refused. */
function isTransient(error: unknown): error is Error {
  if (error instanceof Refused) return error.status === 429 || error.status >= 500;
  return error instanceof Unreachable;
}

async function pendingRows(
  server: ApprovalServer,
  filter: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, JsonObject>> {
  const rows = new Map<string, JsonObject>();
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query: Record<string, string> = { ...filter, limit: "200", ...(after === null ? {} : { after }) };
    const found = await server.queue(query);
    for (const row of found.rows) {
      const id = textMember(row, "id") ?? "";
      if (isWholeId(id)) rows.set(id, row);
    }
    if (found.next === null) break;
    after = found.next;
  }
  return rows;
}

/** Prints the outcome of intents that left the queue; those still pending are only beyond the watched pages. */
async function announceDecision(
  server: ApprovalServer,
  waiting: Map<string, JsonObject>,
  rows: ReadonlyMap<string, JsonObject>,
  json: boolean,
  io: CommandIo,
): Promise<void> {
  const gone = [...waiting].filter(([id]) => !rows.has(id)).slice(0, MAX_FETCHED);
  for (const [id, row] of gone) {
    const view = await server.intent(id);
    const state = textMember(view, "state") ?? "unknown";
    if (state === "pending_approval") continue;
    waiting.delete(id);
    if (json) {
      io.out(jsonLine(state, view));
      continue;
    }
    const by = textMember(view, "decided_by");
    const destination = textMember(row, "destination") ?? "";
    io.out(
      line(clipped(state, 20), [
        clipped(destination, 32),
        ...(by === null ? [] : [`by ${nameAndId(view, by)}`]),
        id,
      ]),
    );
  }
}

/** What became of an intent, and the server's view of it. */
function jsonLine(event: string, intent: JsonObject): string {
  return compactJson({ at: new Date().toISOString(), event, intent });
}

function line(what: string, cells: readonly string[]): string {
  return `${new Date().toISOString().slice(11, 19)}  ${what.padEnd(9)}  ${cells.join("  ")}`;
}
