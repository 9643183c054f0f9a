import { isJsonObject } from "../../src/core/base/json.ts";
import { err, ok } from "../../src/core/base/result.ts";
import type { Result } from "../../src/core/base/result.ts";
import { readRecorded } from "./recorded-file.ts";
import type { RecordedIntent } from "./recorded.ts";
import { callApi, callForBytes, Refused } from "../api.ts";
import type { Connection } from "../server-and-key.ts";

/*
 * The server routes that the policy commands use: `GET /v1/intents` (pages by `after` and `next`),
 * `GET /v1/intents/:id/decision` as reviewers, auditors and admins see it, and `GET /v1/intents/:id/payload`.
 */

const PAGE = 100;

/** Above the server's payload limit, which is configurable. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

export async function fetchDecision(
  connection: Connection,
  id: string,
): Promise<Result<RecordedIntent, string>> {
  const recorded = readView(await callApi(connection, `/v1/intents/${encodeURIComponent(id)}/decision`));
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
  connection: Connection,
  limit: number,
  wantsPayload: (intent: RecordedIntent) => boolean,
): Promise<Result<readonly RecordedIntent[], string>> {
  const intents: RecordedIntent[] = [];
  let next: string | null = null;
  do {
    const query = `limit=${Math.min(PAGE, limit - intents.length)}`;
    const after: string = next === null ? "" : `&after=${encodeURIComponent(next)}`;
    const page = await callApi(connection, `/v1/intents?${query}${after}`);
    const ids = idsOf(page);
    for (const id of ids) {
      const recorded = await fetchDecision(connection, id);
      if (!recorded.ok) return recorded;
      intents.push(
        wantsPayload(recorded.value) ? await withPayload(connection, recorded.value) : recorded.value,
      );
    }
    next = ids.length === 0 ? null : nextOf(page);
  } while (next !== null && intents.length < limit);
  return ok(intents);
}

/** Adds the payload; an erased one, or one that this key may not see, stays unknown, and the replay counts it. */
async function withPayload(connection: Connection, intent: RecordedIntent): Promise<RecordedIntent> {
  if (intent.decision.facts.payload !== "content") return intent;
  const path = `/v1/intents/${encodeURIComponent(intent.intentId)}/payload`;
  const bytes = await callForBytes(connection, path, { maxBytes: MAX_PAYLOAD_BYTES }).catch(nullIfRefused);
  if (bytes === null || bytes.length !== intent.decision.facts.bytes) return intent;
  return { ...intent, payload: { kind: "content", bytes, name: null, mediaType: null } };
}

function nullIfRefused(error: unknown): null {
  if (error instanceof Refused) return null;
  throw error;
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
