import { isJsonObject } from "../../src/core/base/json.ts";
import { err, ok } from "../../src/core/base/result.ts";
import type { Result } from "../../src/core/base/result.ts";
import { UsageMistake } from "./options.ts";
import { readRecorded } from "./recorded-file.ts";
import type { RecordedIntent } from "./recorded.ts";

/*
 * The server routes that the policy commands use: `GET /v1/intents` (pages by `after` and `next`),
 * `GET /v1/intents/:id/decision` as reviewers, auditors and admins see it, and `GET /v1/intents/:id/payload`.
 */

const PAGE = 100;
const TIMEOUT_MS = 30_000;

export async function fetchDecision(server: string, id: string): Promise<Result<RecordedIntent, string>> {
  const answer = await getJson(server, `/v1/intents/${encodeURIComponent(id)}/decision`);
  if (!answer.ok) return answer;
  const recorded = readView(answer.value);
  return recorded.ok ? recorded : err(`The server's decision of ${id} ${recorded.error}.`);
}

/** Converts the route's snake_case view back into a `Decision`. */
function readView(view: unknown): Result<RecordedIntent, string> {
  if (!isJsonObject(view)) return err("is not a JSON object");
  if (view["trace"] === undefined) {
    return err("has no trace: use the key of a reviewer, auditor or admin");
  }
  const decision = {
    outcome: view["outcome"],
    reasonCode: view["reason_code"],
    reason: view["reason_detail"],
    remedy: view["remedy"] ?? null,
    policies: view["policies"],
    shadow: view["shadow"],
    trace: view["trace"],
    environment: view["environment"] ?? null,
    facts: view["facts"],
    history: view["history"] ?? null,
    risk: {
      score: Math.round(Number(view["risk_score"]) * 100),
      level: view["risk_level"],
      factors: view["risk_factors"],
    },
    approval: view["approval"],
  };
  const created = view["evaluated_at"];
  return readRecorded({ intent_id: view["intent_id"], created_at: created, ask: view["ask"], decision });
}

/**
 * Newest first, at most `limit`.
 *
 * @param wantsPayload payloads are large, so one is fetched only where a rule would read it
 */
export async function fetchRecorded(
  server: string,
  limit: number,
  wantsPayload: (intent: RecordedIntent) => boolean,
): Promise<Result<readonly RecordedIntent[], string>> {
  const intents: RecordedIntent[] = [];
  let next: string | null = null;
  do {
    const query = `limit=${Math.min(PAGE, limit - intents.length)}`;
    const after: string = next === null ? "" : `&after=${encodeURIComponent(next)}`;
    const page = await getJson(server, `/v1/intents?${query}${after}`);
    if (!page.ok) return page;
    const ids = idsOf(page.value);
    for (const id of ids) {
      const recorded = await fetchDecision(server, id);
      if (!recorded.ok) return recorded;
      intents.push(wantsPayload(recorded.value) ? await withPayload(server, recorded.value) : recorded.value);
    }
    next = ids.length === 0 ? null : nextOf(page.value);
  } while (next !== null && intents.length < limit);
  return ok(intents);
}

/** Adds the payload; an erased one, or one that this key may not see, stays unknown, and the replay counts it. */
async function withPayload(server: string, intent: RecordedIntent): Promise<RecordedIntent> {
  if (intent.decision.facts.payload !== "content") return intent;
  const answer = await get(server, `/v1/intents/${encodeURIComponent(intent.intentId)}/payload`);
  if (!answer.ok) return intent;
  const bytes = new Uint8Array(await answer.value.arrayBuffer());
  if (bytes.length !== intent.decision.facts.bytes) return intent;
  return { ...intent, payload: { kind: "content", bytes, name: null, mediaType: null } };
}

function idsOf(page: unknown): readonly string[] {
  if (!isJsonObject(page) || !Array.isArray(page["intents"])) return [];
  return page["intents"].flatMap((row: unknown) => {
    const id = isJsonObject(row) ? (row["intentId"] ?? row["id"]) : null;
    return typeof id === "string" ? [id] : [];
  });
}

function nextOf(page: unknown): string | null {
  const next = isJsonObject(page) ? page["next"] : null;
  return typeof next === "string" ? next : null;
}

async function getJson(server: string, path: string): Promise<Result<unknown, string>> {
  const answer = await get(server, path);
  if (!answer.ok) return answer;
  try {
    return ok(await answer.value.json());
  } catch {
    return err(`${server} responded to ${path} with something other than JSON.`);
  }
}

async function get(server: string, path: string): Promise<Result<Response, string>> {
  const key = process.env["GATE_API_KEY"];
  if (key === undefined || key === "") throw new UsageMistake("Put a key for the server into GATE_API_KEY.");
  if (!URL.canParse(path, server)) throw new UsageMistake(`${server} is not a URL.`);
  try {
    const response = await fetch(new URL(path, server), {
      headers: { authorization: `Bearer ${key}`, accept: "application/json" },
      // A followed redirect could send the key to another host.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) return err(`${server} responded ${response.status} to ${path}.`);
    return ok(response);
  } catch (error) {
    return err(`${server} can't be reached: ${error instanceof Error ? error.message : "unknown"}`);
  }
}
