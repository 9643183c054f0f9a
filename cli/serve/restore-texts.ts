import type { FolderRestore } from "./restore-file.ts";

/** Phases of writes that may have been sent after the backup. */
const MAY_BE_SENT: readonly string[] = ["approved", "scheduled", "claimed"];

/** The line before a restore begins. */
export function whatHappens(dataDir: string, phases: ReadonlyMap<string, number> | null): string {
  return `restored: ${dataDir} is started as a backup: ${effects(phases)}`;
}

function effects(phases: ReadonlyMap<string, number> | null): string {
  const count = (names: readonly string[]) => names.reduce((sum, name) => sum + (phases?.get(name) ?? 0), 0);
  const writes = phases === null ? "approved writes" : `${count(MAY_BE_SENT)} approved writes`;
  const pending = phases === null ? "pending cases" : `${count(["pending_approval"])} pending cases`;
  return `${writes} become indeterminate, ${pending} wait on, and all tokens, links, sessions and nonces end`;
}

export function restoredOrReplaced(
  dataDir: string,
  path: string,
  rows: number,
  why: "behind" | "other" | "unfinished",
): string {
  return [
    `the ledger in ${dataDir} has ${WHY[why](rows)}: the folder was restored from a backup, or replaced`,
    "Nothing was started: what was sent since the backup would be sent again.",
    "  restored from a backup  start with --restored (docs/restoring.md)",
    `  another folder          move ${path} away, if you know that nothing was sent since`,
  ].join("\n");
}

const WHY = {
  behind: (rows: number) => `fewer entries than the ${rows} that this server wrote`,
  other: () => "other entries than this server wrote",
  unfinished: () => "a restore that this server does not know",
} as const;

/** Why `--restored` is refused for a folder that has everything. */
export function alreadyCurrent(
  dataDir: string,
  known: FolderRestore | null,
  phases: ReadonlyMap<string, number> | null,
): string {
  const restored = known === null ? "" : `; its restore of ${known.restoredAt} is done`;
  return [
    `--restored: the ledger in ${dataDir} has every entry that this server wrote${restored}`,
    "Nothing was started or changed.",
    "  not a backup              start without --restored",
    `  a backup all the same     --restored --force: ${effects(phases)}`,
  ].join("\n");
}

export function clockBehind(now: number, newestAt: number): string {
  return [
    `--restored: this machine's clock (${new Date(now).toISOString()}) is behind the backup's newest entry`,
    `(${new Date(newestAt).toISOString()}). Set the clock: what was approved after it would count as new, and be sent.`,
  ].join(" ");
}

export function foreignCopy(path: string): string {
  return [
    `--restored: the checkpoint in ${path} is not signed under GATE_SECRET or one in GATE_SECRET_PREVIOUS`,
    "Nothing was started: the log could go on beside entries that it signed.",
    "  the secret was changed  put the earlier one into GATE_SECRET_PREVIOUS",
    `  of another folder       move ${path} away, and bring --checkpoint`,
  ].join("\n");
}
