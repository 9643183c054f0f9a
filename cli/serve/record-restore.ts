import { CommandFailure } from "../io.ts";
import { finishRestore, type FolderRestore } from "./restore-file.ts";

const REQUEST_TIMEOUT_MS = 60_000;

/** Ends the restore that this start began, or an earlier one that was cut off. */
export async function carryThrough(
  url: URL,
  adminKey: string,
  restore: FolderRestore,
  { dataDir, say }: { readonly dataDir: string; readonly say: (line: string) => void },
): Promise<void> {
  const settled = await recordRestore(url, adminKey, restore);
  finishRestore(dataDir, restore);
  say(
    `restored: ${settled} unfinished intents were settled; what was approved is indeterminate, and is not sent`,
  );
  say(
    "restored: a kill switch stops everything until an admin lifts it; orders, links, sessions and nonces are void",
  );
  if (restore.checkpoint === null) {
    say(
      "restored: the log stays stopped until --restored is given with --checkpoint, the newest one you have",
    );
  }
}

/**
 * Has the started Worker record the restore and settle every unfinished intent, page by page; a repeat after a crash
 * changes nothing that was done.
 *
 * @returns how many intents were unfinished
 * @throws {CommandFailure}
 */
async function recordRestore(url: URL, adminKey: string, { checkpoint }: FolderRestore): Promise<number> {
  let settled = 0;
  for (let after: string | null = null; ;) {
    const body = { ...(checkpoint !== null && { checkpoint }), ...(after !== null && { after }) };
    const response: Response = await fetch(new URL("/v1/restore", url), {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
    if (response.status !== 200) {
      const detail = typeof answer["detail"] === "string" ? answer["detail"] : "";
      throw new CommandFailure(`the restore could not be recorded: ${response.status} ${detail}`.trim());
    }
    settled += Number(answer["settled"] ?? 0);
    if (typeof answer["next"] !== "string") return settled;
    after = answer["next"];
  }
}
