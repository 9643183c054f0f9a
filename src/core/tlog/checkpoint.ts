import { err, ok, type Result } from "../base/result.ts";
import { fromBase64, toBase64 } from "../base/base64.ts";
import { HASH_BYTES } from "./tree.ts";

/** A tree head, C2SP tlog-checkpoint v1.0.0; the text of a signed note. */
export interface Checkpoint {
  /** Identifies the log: one line, never empty. */
  readonly origin: string;
  /** Leaves, 0 … 2^53 - 1. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** @throws {RangeError} for an origin, size or root that a checkpoint cannot express */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin)) throw new RangeError("invariant: a checkpoint's origin is one line of text");
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError("invariant: a tree size is a safe integer, 0 or more");
  }
  if (root.length !== HASH_BYTES) throw new RangeError("invariant: a tree root has 32 bytes");
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/**
 * Parses the three lines that Gate writes. Extension lines, which the specification allows and advises against, are
 * refused: a verifier could not check them.
 */
export function parseCheckpoint(text: string): Result<Checkpoint, "malformed"> {
  const lines = text.split("\n");
  const [origin, digits, encoded, end] = lines;
  if (lines.length !== 4 || end !== "" || origin === undefined || !isOrigin(origin)) return err("malformed");
  // No sign, no leading zero: one size has one spelling.
  if (digits === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(digits)) return err("malformed");
  const size = Number(digits);
  const root = fromBase64(encoded ?? "");
  if (!Number.isSafeInteger(size) || root?.length !== HASH_BYTES) return err("malformed");
  return ok({ origin, size, root });
}

function isOrigin(origin: string): boolean {
  return origin.isWellFormed() && /^[^\p{Cc}]+$/u.test(origin);
}
