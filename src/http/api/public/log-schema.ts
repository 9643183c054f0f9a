import { z } from "zod";
import type { LogFaultReason } from "../../../ports/tlog.ts";
import { TIME } from "../shared/fields-schema.ts";

export const LOG = z.object({
  origin: z.string().nullable(),
  vkey: z.string().nullable().describe("C2SP signed-note key."),
  vkeys: z.array(z.string()).describe("Every key that ever signed, newest first."),
  checkpoint: z.literal("/log/checkpoint"),
});

const HASHES = z.array(z.string()).describe("Hashes in base64.");

export const INCLUSION = z.object({
  index: z.int(),
  size: z.int(),
  leaf_hash: z.string().describe("Base64."),
  proof: HASHES,
});

export const CONSISTENCY = z.object({ old: z.int(), new: z.int(), proof: HASHES });

const FAULT_REASONS = [
  "row_missing",
  "row_out_of_place",
  "other_epoch",
  "malformed",
  "too_large",
  "entry_edited",
  "mac_wrong",
  "entry_missing",
  "entry_repeated",
  "chain_broken",
  "sealed_row_missing",
  "sealed_row_changed",
  "restore_unfinished",
  "restored_unchecked",
  "checkpoint_ahead",
  "checkpoint_conflict",
] as const satisfies readonly LogFaultReason[];

export const FAULT = z.object({
  reason: z.enum(FAULT_REASONS),
  row: z.int().nullable(),
  chain: z.string().nullable(),
  seq: z.int().nullable(),
  since: TIME,
});

export const LOG_HEALTH = z.object({
  status: z.enum(["sealed", "behind", "stopped"]),
  rows: z.int().nullable().describe("Rows in the ledger; null: not known now."),
  sealed: z.int(),
  checkpoint: z.object({ size: z.int(), root: z.string(), signed_at: TIME }).nullable(),
  fault: FAULT.nullable(),
  past_faults: z.array(FAULT.extend({ until: TIME })),
});
