import { bytesToHex } from "@noble/hashes/utils.js";
import { err, ok, type Result } from "../../core/base/result.ts";
import { cursorOf, readCursor } from "../../core/intent/list-cursor.ts";
import type { Phase } from "../../core/intent/phase.ts";
import { parseCheckpoint } from "../../core/tlog/checkpoint.ts";
import { openNote, parseVkey } from "../../core/tlog/signed-note.ts";
import type { Ports } from "../../ports/ports.ts";
import type { TreeHead } from "../../ports/restoration.ts";
import { ANY_INTENT } from "../../ports/intent-index.ts";

/** Intents settled in one call, which keeps it well below the platform's limits; the caller repeats it. */
const PAGE = 100;

/** An intent in one of these may have been decided, sent or reported after the backup. */
const UNFINISHED: readonly Phase[] = [
  "pending_approval",
  "approved",
  "scheduled",
  "claimed",
  "failed",
  "indeterminate",
];

export interface RestoreProgress {
  /** Intents settled by this call. */
  readonly settled: number;
  /** Continue with this; null: all are settled. */
  readonly next: string | null;
  readonly checkpoint: TreeHead | null;
}

export type RestoreFailure =
  /** `GATE_RESTORED_AT` is not set. */
  | "not_restored"
  /** `GATE_RESTORED_AT` is ahead of the clock: what is proposed until then would count as of before. */
  | "restored_in_future"
  /** The data have intents from after `GATE_RESTORED_AT`, which would be sent again. */
  | "restored_before_data"
  /** The text is no checkpoint that this deployment signed. */
  | "checkpoint_unknown"
  | "invalid_cursor";

export interface RestoreRequest {
  /** The newest checkpoint of the log that the operator has, a signed note; null: none. */
  readonly checkpoint: string | null;
  readonly after: string | null;
}

type RestorePorts = Pick<Ports, "restoration" | "switches" | "index" | "intents" | "log">;

/**
 * Records a restore, stops everything until an admin lifts the switch, and settles the intents that the backup put back.
 * Every step can be repeated, so that a crash costs another call. The objects compute the effect by themselves; settling
 * them here brings it into the lists, and into data that an older build can open.
 */
export async function restore(
  { checkpoint: note, after }: RestoreRequest,
  actor: string,
  now: number,
  ports: RestorePorts,
): Promise<Result<RestoreProgress, RestoreFailure>> {
  const { at } = ports.restoration;
  if (at === null) return err("not_restored");
  const checkpoint = note === null ? null : await headOf(note, ports);
  if (note !== null && checkpoint === null) return err("checkpoint_unknown");
  const cursor = after === null ? null : readCursor(after);
  if (after !== null && cursor === null) return err("invalid_cursor");
  if (!(await ports.restoration.isRecorded())) {
    if (at > now) return err("restored_in_future");
    if (((await ports.restoration.newestProposal()) ?? 0) >= at) return err("restored_before_data");
    // Before the entry that lets requests in: a switch that was lifted later is not engaged again.
    await ports.switches.engage(
      { scope: "everything", target: null },
      { reason: "incident", ticket: null },
      actor,
    );
    await ports.restoration.record(checkpoint, actor);
  }
  const rows = await ports.index.list({
    ...ANY_INTENT,
    phases: UNFINISHED,
    until: at,
    after: cursor,
    limit: PAGE,
  });
  for (const { id } of rows) await ports.intents.find(id)?.handle({ type: "tick" });
  const last = rows.at(-1);
  const next = last === undefined || rows.length < PAGE ? null : cursorOf(last);
  return ok({ settled: rows.length, next, checkpoint });
}

async function headOf(note: string, { log }: RestorePorts): Promise<TreeHead | null> {
  const { origin, vkeys } = await log.keys();
  const keys = vkeys.flatMap((vkey) => parseVkey(vkey) ?? []);
  const opened = await openNote(note, keys, verifyEd25519);
  const parsed = opened.ok ? parseCheckpoint(opened.value.text) : null;
  if (parsed === null || !parsed.ok || parsed.value.origin !== origin) return null;
  return { size: parsed.value.size, root: bytesToHex(parsed.value.root) };
}

async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
}
