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
 * An export ends with a checkpoint. A later export appends more entries and another checkpoint; the intermediate ones
 * then prove that the log only appended, and narrow down the range of a rewrite.
 */

export interface ExportOptions {
  readonly origin?: string | null;
  /** Signed tree heads stored earlier, which expose an export that was truncated or rewritten. */
  readonly held?: readonly string[];
  readonly verify?: VerifyEd25519;
}

/** An entry of 65,535 bytes, every character of it escaped. */
const MAX_LINE_CHARS = 512 * 1024;

/**
 * Verifies an export line by line, in memory that grows with the number of intents only. Throws only when reading the
 * lines throws.
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
      walk.addEntry(value);
      head = null;
    } else {
      head = await walk.addCheckpoint(note, keys, origin, verify);
    }
    if (walk.isUnreadable) break;
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
    else problem = "A stored checkpoint is not signed by a known key.";
  }
  return { open, problem };
}
