import { hexToBytes } from "@noble/hashes/utils.js";
import { digestOf, hmacHex } from "../../core/base/digest.ts";
import { canonicalJson } from "../../core/base/json.ts";
import { digestsInForce, type KeysInForce } from "../../core/base/key-derivation.ts";
import { openJson, sealJson } from "./sealed-json.ts";
import type { IdempotentAnswers, StoredAnswer, KeyedRequest } from "../../ports/idempotency.ts";

/** The Idempotency-Key draft leaves the lifetime to the server; clients of other services expect a day. */
const KEEP_MS = 24 * 60 * 60 * 1000;

/**
 * An attempt without a response after this time is taken for dead (isolate evicted, caller disconnected), and another
 * may execute the request. Should the first be alive after all, both reach the same objects, which act once or refuse.
 */
const IN_FLIGHT_MS = 60_000;

/** Expired rows deleted with each new key: more than one, so that deletion outpaces insertion. */
const SWEPT_AT_ONCE = 20;

interface AnswerRow {
  fingerprint: string;
  intent: string;
  attempt: string;
  answer: string | null;
}

const SWEEP = `
  DELETE FROM idempotent_answers
  WHERE (id = ?1 AND expires_at <= ?2)
     OR id IN (SELECT id FROM idempotent_answers WHERE expires_at <= ?2 ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE})`;

// Only the same request takes over a lapsed key, and it gets the intent id of the first attempt.
const TAKE = `
  INSERT INTO idempotent_answers (id, fingerprint, intent, attempt, lapses_at, expires_at)
  VALUES (?1, ?2 ->> 0, ?3, ?4, ?5, ?6)
  ON CONFLICT (id) DO UPDATE SET
    attempt = excluded.attempt, lapses_at = excluded.lapses_at, expires_at = excluded.expires_at
  WHERE answer IS NULL AND lapses_at <= ?7 AND fingerprint IN (SELECT value FROM json_each(?2))`;

const LOOK = "SELECT fingerprint, intent, attempt, answer FROM idempotent_answers WHERE id = ?1";

// Only by the attempt that holds the key: the response of a lapsed one goes to its own caller and is not stored.
const KEEP = `
  UPDATE idempotent_answers SET answer = ?3, expires_at = ?4
  WHERE id = ?1 AND attempt = ?2 AND answer IS NULL`;

const LAPSE = "UPDATE idempotent_answers SET lapses_at = 0 WHERE id = ?1 AND attempt = ?2 AND answer IS NULL";

const FORGET = "DELETE FROM idempotent_answers WHERE id = ?1 AND attempt = ?2 AND answer IS NULL";

/** @param macKeys from which each caller's own keys derive; responses stored under an earlier secret stay readable */
export function d1IdempotentAnswers(db: D1Database, macKeys: () => KeysInForce): IdempotentAnswers {
  return {
    async begin(request) {
      const { principal, key, intent } = request;
      const id = digestOf([principal, key]);
      const attempt = crypto.randomUUID();
      const fingerprints = keysOf(macKeys(), "fingerprint", request).map((macKey) =>
        hmacHex(macKey, request.subject),
      );
      const now = Date.now();
      const results = await db.batch<AnswerRow>([
        db.prepare(SWEEP).bind(id, now),
        db
          .prepare(TAKE)
          .bind(id, JSON.stringify(fingerprints), intent, attempt, now + IN_FLIGHT_MS, now + KEEP_MS, now),
        db.prepare(LOOK).bind(id),
      ]);
      const row = results.at(-1)?.results[0];
      if (row === undefined) throw new Error("invariant: an idempotency key has a row after it was taken");

      if (row.attempt === attempt) {
        const again = row.intent !== intent;
        return {
          kind: "first",
          attempt: {
            intent: row.intent,
            again,
            async store(answer) {
              const sealed = await sealJson(answer, keysOf(macKeys(), "seal", request)[0], "");
              await db
                .prepare(KEEP)
                .bind(id, attempt, sealed, Date.now() + KEEP_MS)
                .run();
            },
            async release(undone) {
              // An earlier attempt without a response may have had an effect, so the key can't count as unused.
              await db
                .prepare(undone && !again ? FORGET : LAPSE)
                .bind(id, attempt)
                .run();
            },
          },
        };
      }
      if (!fingerprints.includes(row.fingerprint)) return { kind: "reused" };
      if (row.answer === null) return { kind: "in_flight" };
      for (const sealKey of keysOf(macKeys(), "seal", request)) {
        const answer = await openJson<StoredAnswer>(row.answer, sealKey, "");
        if (answer !== null) return { kind: "stored", answer };
      }
      throw new Error(
        "a stored response can't be decrypted: put the earlier GATE_SECRET into GATE_SECRET_PREVIOUS",
      );
    },
  };
}

/**
 * Derived from the deployment's secret and the caller's idempotency key, of which D1 has only a digest: neither a copy
 * of D1 nor the secret alone decrypts a response. Each row has a key of its own, so a write to D1 can't swap two
 * responses.
 */
function keysOf(
  macKeys: KeysInForce,
  purpose: "seal" | "fingerprint",
  { principal, key }: KeyedRequest,
): KeysInForce {
  const [current, ...earlier] = digestsInForce(macKeys, canonicalJson([purpose, principal, key]));
  return [hexToBytes(current), ...earlier.map((digest) => hexToBytes(digest))];
}
