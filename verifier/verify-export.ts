import { isJsonObject } from "../src/core/base/json.ts";
import { webCryptoEd25519, type VerifyEd25519 } from "./ed25519.ts";
import { ExportWalk, type ExportReport } from "./export-walk.ts";
import type { TrustedKeys } from "./keys.ts";
import { readJson, textMember } from "./read-json.ts";
import { openTreeHead, readVkey, type LogKey, type TreeHead } from "./tree-head.ts";

/*
 * An export of the whole log: NDJSON, one of these per line.
 *
 *   {"index":0,"entry":{…}}       an entry without its MAC, in the order of the log, from 0 on
 *   {"checkpoint":"…"}            a signed tree head, right after as many entries as it has
 *
 * An export ends with a checkpoint. It is taken up again by appending more entries and another checkpoint; the
 * ones in between then show that the log only grew, and narrow down where a rewritten one was rewritten.
 */

export interface ExportOptions {
  readonly origin?: string | null;
  /** Signed tree heads kept from before: an export that ends before them, or differs, is found out. */
  readonly held?: readonly string[];
  readonly verify?: VerifyEd25519;
}

/** An entry of 65,535 bytes, with everything in it escaped. */
const MAX_LINE_CHARS = 512 * 1024;

/**
 * Checks an export line by line, in memory that grows with the number of intents only. Never throws, unless
 * reading the lines does.
 *
 * @param lines without their line feeds; empty ones are skipped
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  trusted: TrustedKeys,
  { origin = null, held = [], verify = webCryptoEd25519 }: ExportOptions = {},
): Promise<ExportReport> {
  const keys = trusted.vkeys.map(readVkey).filter((key) => key !== null);
  const heads = await openHeld(held, keys, verify);
  const walk = new ExportWalk(heads.open);
  let head: TreeHead | null = null;
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const value = line.length > MAX_LINE_CHARS ? null : readJson(line);
    const note =
      isJsonObject(value) && Object.keys(value).length === 1 ? textMember(value, "checkpoint") : null;
    if (note === null) {
      walk.take(value);
      head = null;
    } else {
      head = await walk.close(note, keys, origin, verify);
    }
    if (walk.isHopeless) break;
  }
  return walk.report(head, heads.problem, held.length);
}

async function openHeld(
  held: readonly string[],
  keys: readonly LogKey[],
  verify: VerifyEd25519,
): Promise<{ readonly open: readonly TreeHead[]; readonly problem: string | null }> {
  const open: TreeHead[] = [];
  let problem: string | null = null;
  for (const note of held) {
    const opened = await openTreeHead(note, keys, verify);
    if (opened.state === "signed") open.push(opened.head);
    else problem = "A checkpoint that was handed in is not signed by a key in hand.";
  }
  return { open, problem };
}
