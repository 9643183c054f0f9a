import { CommandFailure } from "../io.ts";
import type { FolderRestore } from "./restore.ts";

const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Has the started Worker record the restore and settle every unfinished intent, page by page; a repeat after a crash
 * changes nothing that was done.
 *
 * @returns how many intents were unfinished
 * @throws {CommandFailure}
 */
export async function recordRestore(
  url: URL,
  adminKey: string,
  { checkpoint }: FolderRestore,
): Promise<number> {
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
