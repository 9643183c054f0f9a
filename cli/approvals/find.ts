import { textMember } from "../../verifier/read-json.ts";
import { CommandFailure } from "../io.ts";
import { UsageError } from "../usage.ts";
import type { ApprovalServer } from "./server.ts";
import { clipped } from "../sanitize-text.ts";

const WHOLE_ID = /^int_[A-Za-z0-9_-]{43}$/;
const BEGINNING = /^int_[A-Za-z0-9_-]{0,43}$/;

export function isWholeId(text: string): boolean {
  return WHOLE_ID.test(text);
}

/** A shorter prefix could match another intent tomorrow. */
const SHORTEST_BEGINNING = 12;

/** The search ends after 10,000 pending intents; beyond that the whole id is needed. */
const MAX_PAGES = 50;

/**
 * Resolves shortened ids among pending intents.
 *
 * @throws {UsageError} {CommandFailure}
 */
export async function wholeIds(server: ApprovalServer, ids: readonly string[]): Promise<readonly string[]> {
  for (const id of ids) {
    if (BEGINNING.test(id) && id.length >= SHORTEST_BEGINNING) continue;
    throw new UsageError(
      `give an intent's id, or at least its first ${SHORTEST_BEGINNING} characters, not "${clipped(id, 60)}"`,
    );
  }
  if (ids.every(isWholeId)) return [...new Set(ids)];
  const pending = await pendingIds(server);
  const whole = ids.map((id) => (isWholeId(id) ? id : onlyOne(id, pending)));
  return [...new Set(whole)];
}

function onlyOne(beginning: string, pending: readonly string[]): string {
  const found = pending.filter((id) => id.startsWith(beginning));
  const [first] = found;
  if (first === undefined) throw new CommandFailure(`no waiting intent begins with ${beginning}`);
  if (found.length === 1) return first;
  throw new CommandFailure(
    `${beginning} is ambiguous, ${found.length} intents begin with it:\n${found.slice(0, 10).join("\n")}`,
  );
}

async function pendingIds(server: ApprovalServer): Promise<readonly string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const filter: Record<string, string> = after === null ? { limit: "200" } : { limit: "200", after };
    const { rows, next } = await server.queue(filter);
    ids.push(...rows.map((row) => textMember(row, "id") ?? "").filter(isWholeId));
    if (next === null) break;
    after = next;
  }
  return ids;
}
