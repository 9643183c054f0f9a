import { isJsonObject } from "../../src/core/base/json.ts";
import { ENTRY, type BundleEntry } from "../../verifier/bundle.ts";
import { fromBase64 } from "../../verifier/bytes.ts";
import { member, numberMember, readJson, textMember } from "../../verifier/read-json.ts";

/** One line of an export, or of a server's response. */
export type Line =
  | { readonly kind: "entry"; readonly index: number; readonly entry: BundleEntry }
  /** Unverified: size and root as the note claims them. */
  | {
      readonly kind: "checkpoint";
      readonly note: string;
      readonly size: number;
      readonly root: Uint8Array | null;
    }
  | { readonly kind: "neither" };

export function readLine(line: string): Line {
  const value = readJson(line);
  if (!isJsonObject(value)) return { kind: "neither" };
  const note = textMember(value, "checkpoint");
  if (note !== null && Object.keys(value).length === 1) return { kind: "checkpoint", note, ...claimOf(note) };
  const index = numberMember(value, "index");
  const entry = ENTRY(member(value, "entry"), "entry");
  if (index === null || !Number.isSafeInteger(index) || index < 0 || !entry.ok) return { kind: "neither" };
  return { kind: "entry", index, entry: entry.value };
}

/** A note's claim before its signature is verified: use it only for choosing what to request. */
export function claimOf(note: string): { readonly size: number; readonly root: Uint8Array | null } {
  const [, digits = "", root = ""] = note.split("\n");
  return { size: /^\d{1,15}$/.test(digits) ? Number(digits) : 0, root: fromBase64(root) };
}
