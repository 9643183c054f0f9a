import { isJsonObject, type Json } from "../../core/base/json.ts";
import { type OwnSecretRef, secretRefText } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { Outgoing, OutgoingAnswer, OutgoingProblem } from "../../ports/notifications.ts";
import type { VaultDeps, VaultFailure } from "../../ports/vault.ts";
import { envSecret } from "./env.ts";
import { failed, problemOfStatus } from "./failure.ts";
import { storedSecret } from "./secrets-store.ts";
import { validateSecret } from "./validate-secret.ts";

/** A vault that takes longer for one answer is down as far as a waiting write is concerned. */
const CALL_TIMEOUT_MS = 10_000;

/** Signing in, finding and reading together: whoever waits for the write has waited for a person already. */
const TOTAL_TIMEOUT_MS = 15_000;

/** What the largest vault documents for one entry (HashiCorp's storage: 1 MiB, all keys together). */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Of UTF-8. */
const MAX_CHARACTER_BYTES = 4;

/** Timers and clocks don't agree to the millisecond. */
const CLOCK_SLACK_MS = 50;

/** One question to a vault. */
export interface VaultRequest {
  /** What operators call the vault. */
  readonly who: string;
  /** What it is asked for, in words. */
  readonly what: string;
  /** The operator's URL. */
  readonly base: string;
  /** Parts of the path below it, not encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly method: Outgoing["method"];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly allowPrivate: boolean;
  readonly patienceMs?: number;
  /** What this answer means where the status alone doesn't say; null: what the status says. */
  readonly explain?: (status: number, answer: Json | null) => VaultFailure | null;
}

/** Fetching one secret, from its first question to its last: nothing of it is kept afterwards. */
export interface VaultClient {
  readonly now: () => number;
  /** A secret that the deployment itself holds: what is fetched, or what opens a vault (`opens`: which). */
  ownSecret(ref: OwnSecretRef, opens?: string): Promise<Result<string, VaultFailure>>;
  /** The JSON that a vault answers with status 200. */
  fetchJson(question: VaultRequest): Promise<Result<Json, VaultFailure>>;
}

export function vaultClient({ send, variables, now }: VaultDeps): VaultClient {
  const endsAt = now() + TOTAL_TIMEOUT_MS;
  const timeLeft = (patienceMs = CALL_TIMEOUT_MS) => Math.min(patienceMs, endsAt - now());

  return {
    now,

    async ownSecret(ref, opens) {
      const timeoutMs = timeLeft();
      const found =
        ref.scheme === "env" ? envSecret(ref, variables) : await storedSecret(ref, variables, timeoutMs);
      const usable = found.ok ? validateSecret(found.value) : found;
      if (usable.ok || opens === undefined) return usable;
      const { problem, detail } = usable.error;
      const isPassing = problem === "timeout" || problem === "unavailable";
      return failed(
        isPassing ? problem : "not_configured",
        `what opens ${opens} (${secretRefText(ref)}) can't be used: ${detail}`,
      );
    },

    async fetchJson(question) {
      const { who, what, method, headers, body = null, allowPrivate } = question;
      const url = addressOf(question);
      if (url === null) return failed("not_configured", `the address of ${who} can't be used as written`);
      if (!Object.values(headers).every((value) => PRINTABLE.test(value))) {
        return failed("not_configured", `what opens ${who} has characters that no header can carry`);
      }
      const request = { url, method, headers, body, allowPrivate, maxAnswerBytes: MAX_ANSWER_BYTES };
      for (let isFirst = true; ; isFirst = false) {
        const sentAt = now();
        const timeoutMs = timeLeft(question.patienceMs);
        if (timeoutMs <= 0) return failed("timeout", `no time was left to ask ${who} for ${what}`);
        const sent = await send({ ...request, timeoutMs });
        if (sent.ok) return answerOf(question, sent.value, now() - sentAt > timeoutMs - CLOCK_SLACK_MS);
        // A pooled connection that the other side closed meanwhile; asking twice changes nothing in a vault. One
        // that is slow or says no is not asked again: the caller may, as long as the order is valid.
        if (sent.error === "unreachable" && isFirst) continue;
        return unanswered(question, sent.error);
      }
    },
  };
}

/** What fetch takes in a header without an error that would quote it. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Null: what was written can't be continued with a path, or a part of it would lead elsewhere. */
function addressOf({ base, path, query = {} }: VaultRequest): string | null {
  if (!URL.canParse(base) || /[?#]/.test(base)) return null;
  if (!path.every((part) => part !== "" && part !== "." && part !== ".." && part.isWellFormed())) return null;
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const below = path.map((part) => encodeURIComponent(part)).join("/");
  return `${base.replace(/\/$/, "")}/${below}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
}

function unanswered({ who, what }: VaultRequest, problem: OutgoingProblem) {
  switch (problem) {
    case "refused_address":
      return failed(
        "refused_address",
        `the address of ${who} is private, or not https, and nothing is sent there`,
      );
    case "timeout":
      return failed("timeout", `${who} did not answer in time when asked for ${what}`);
    case "unreachable":
      return failed("unavailable", `${who} could not be reached when asked for ${what}`);
  }
}

function answerOf(
  { who, what, explain }: VaultRequest,
  { status, text }: OutgoingAnswer,
  isLate: boolean,
): Result<Json, VaultFailure> {
  const request = `when asked for ${what}`;
  const answer = parsed(text);
  if (status !== 200) {
    const explained = explain?.(status, answer) ?? null;
    if (explained !== null) return { ok: false, error: explained };
    const isRedirect = status >= 300 && status < 400;
    const more = isRedirect ? "; redirects are not followed" : "";
    return failed(problemOfStatus(status), `${who} answered ${status} ${request}${more}`);
  }
  // What it is called is not looked at: a page is no JSON, and stand-ins for AWS call their JSON a page.
  if (answer !== null) return ok(answer);
  // The end is missing: of what was too long (and may have been cut within a character), or of what came too slowly.
  if (new TextEncoder().encode(text).length > MAX_ANSWER_BYTES - MAX_CHARACTER_BYTES) {
    return failed("too_large", `${who} answered with more than 1 MiB ${request}`);
  }
  return isLate
    ? failed("timeout", `${who} did not finish its answer in time ${request}`)
    : failed("invalid_response", `${who} answered with broken JSON ${request}`);
}

/** A list or an object; null: it is neither. */
function parsed(text: string): Json | null {
  try {
    const value = JSON.parse(text) as Json;
    return Array.isArray(value) || isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
