import { isJsonObject } from "../../src/core/json.ts";
import { err, ok } from "../../src/core/result.ts";
import type { Result } from "../../src/core/result.ts";
import { UsageMistake } from "./options.ts";
import { readRecorded } from "./recorded-file.ts";
import type { RecordedIntent } from "./recorded.ts";

/*
 * All that the policy commands want from a server's API. `GET /v1/intents` pages by `cursor`;
 * `GET /v1/intents/:id/decision` has ask, facts and the whole decision.
 */

const PAGE = 100;
const TIMEOUT_MS = 30_000;

export async function fetchDecision(server: string, id: string): Promise<Result<RecordedIntent, string>> {
  const answer = await get(server, `/v1/intents/${encodeURIComponent(id)}/decision`);
  if (!answer.ok) return answer;
  const recorded = readRecorded(answer.value);
  return recorded.ok ? recorded : err(`The server's decision of ${id} ${recorded.error}.`);
}

/** Newest first, at most `limit`. */
export async function fetchRecorded(
  server: string,
  limit: number,
): Promise<Result<readonly RecordedIntent[], string>> {
  const intents: RecordedIntent[] = [];
  let cursor: string | null = null;
  do {
    const query = `limit=${Math.min(PAGE, limit - intents.length)}`;
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(server, `/v1/intents?${query}${after}`);
    if (!page.ok) return page;
    const ids = idsOf(page.value);
    for (const id of ids) {
      const recorded = await fetchDecision(server, id);
      if (!recorded.ok) return recorded;
      intents.push(recorded.value);
    }
    cursor = ids.length === 0 ? null : nextOf(page.value);
  } while (cursor !== null && intents.length < limit);
  return ok(intents);
}

function idsOf(page: unknown): readonly string[] {
  if (!isJsonObject(page) || !Array.isArray(page["intents"])) return [];
  return page["intents"].flatMap((row: unknown) => {
    const id = isJsonObject(row) ? (row["intentId"] ?? row["id"]) : null;
    return typeof id === "string" ? [id] : [];
  });
}

function nextOf(page: unknown): string | null {
  if (!isJsonObject(page)) return null;
  const next = page["next_cursor"] ?? page["nextCursor"];
  return typeof next === "string" ? next : null;
}

async function get(server: string, path: string): Promise<Result<unknown, string>> {
  const key = process.env["GATE_API_KEY"];
  if (key === undefined || key === "") throw new UsageMistake("Put a key into GATE_API_KEY to ask a server.");
  if (!URL.canParse(path, server)) throw new UsageMistake(`${server} is no URL.`);
  try {
    const response = await fetch(new URL(path, server), {
      headers: { authorization: `Bearer ${key}`, accept: "application/json" },
      // A redirect would carry the key to wherever it points.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return err(`${server} answered ${response.status} to ${path}.`);
    return ok(await response.json());
  } catch (error) {
    return err(`${server} can't be asked: ${error instanceof Error ? error.message : "unknown"}`);
  }
}
