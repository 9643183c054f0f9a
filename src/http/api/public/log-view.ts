import { logLine } from "../../../core/base/log-line.ts";
import { toBase64 } from "../../../core/base/base64.ts";
import type {
  LeafProof,
  TransparencyLog,
  LogEntry,
  LogFault,
  LogHealth,
  SignedCheckpoint,
} from "../../../ports/tlog.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { CONSISTENCY, FAULT, INCLUSION, LOG, LOG_HEALTH } from "./log-schema.ts";

/** What the discovery document says for verifiers of the log; without the keys while D1 is unavailable. */
export async function logView(log: TransparencyLog): Promise<Answer<typeof LOG>> {
  const paths = { checkpoint: "/log/checkpoint" } as const;
  try {
    const { origin, vkeys } = await log.keys();
    return { origin, vkey: vkeys[0] ?? null, vkeys, ...paths };
  } catch (error) {
    console.error(logLine("log_keys_unreadable", { error: String(error) }));
    return { origin: null, vkey: null, vkeys: [], ...paths };
  }
}

export function inclusionView({
  index,
  size,
  leaf,
  proof,
}: LeafProof & { readonly size: number }): Answer<typeof INCLUSION> {
  return { index, size, leaf_hash: toBase64(leaf), proof: proof.map(toBase64) };
}

export function consistencyView(
  old: number,
  size: number,
  proof: readonly Uint8Array[],
): Answer<typeof CONSISTENCY> {
  return { old, new: size, proof: proof.map(toBase64) };
}

/** One line of NDJSON: the index in the log, and the leaf's members as they were hashed. */
export function entryLine({ index, entry }: LogEntry): string {
  return `${JSON.stringify({ index, entry })}\n`;
}

export function faultView({ reason, row, chain, seq, since }: LogFault): Answer<typeof FAULT> {
  return { reason, row, chain, seq, since: iso(since) };
}

export function healthView(health: LogHealth): Answer<typeof LOG_HEALTH> {
  const { checkpoint, fault, isComplete, sealed, rows, pastFaults } = health;
  return {
    status: fault === null ? (isComplete ? "sealed" : "behind") : "stopped",
    rows,
    sealed,
    checkpoint: checkpoint === null ? null : checkpointView(checkpoint),
    fault: fault === null ? null : faultView(fault),
    past_faults: pastFaults.map((past) => ({ ...faultView(past), until: iso(past.until) })),
  };
}

function checkpointView({ size, root, signedAt }: SignedCheckpoint) {
  return { size, root, signed_at: iso(signedAt) };
}
