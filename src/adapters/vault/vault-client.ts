import type { Json } from "../../core/base/json.ts";
import { type OwnSecretRef, secretRefText } from "../../core/registry/secret-ref.ts";
import type { Result } from "../../core/base/result.ts";
import type { Outgoing, OutgoingAnswer, OutgoingProblem } from "../../ports/notifications.ts";
import type { VaultDeps, VaultFailure } from "../../ports/vault.ts";
import { envSecret } from "./env.ts";
import { failed, problemOfStatus } from "./failure.ts";
import { storedSecret } from "./secrets-store.ts";
import { readVaultJson } from "./strict-payload.ts";
import { validateSecret } from "./validate-secret.ts";

/** Limit of one request: a write waits for it. */
export const CALL_TIMEOUT_MS = 10_000;

/** Limit of login, lookup and read together. */
export const TOTAL_TIMEOUT_MS = 15_000;

/** The largest documented entry of any vault (HashiCorp's storage: 1 MiB, all keys together). */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Longest UTF-8 encoding of a character. */
const MAX_CHARACTER_BYTES = 4;

/** Timers and clocks differ by milliseconds. */
const CLOCK_SLACK_MS = 50;

/** One request to a vault. */
export interface VaultRequest {
  /** The vault's name, for failure details. */
  readonly who: string;
  /** The requested item, for failure details. */
  readonly item: string;
  /** The configured URL. */
  readonly base: string;
  /** Path segments below it, not percent-encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly method: Outgoing["method"];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly allowPrivate: boolean;
  readonly timeoutMs?: number;
  /** Interprets a response other than 200; null: by its status alone. */
  readonly explain?: (status: number, answer: Json | null) => VaultFailure | null;
}

/** Fetches one secret, from the first request to the last, and caches nothing. */
export interface VaultClient {
  readonly now: () => number;
  /** A secret of the deployment itself: the requested one, or a credential of the vault `opens`. */
  ownSecret(ref: OwnSecretRef, opens?: string): Promise<Result<string, VaultFailure>>;
  /** The JSON of a response with status 200. */
  fetchJson(request: VaultRequest): Promise<Result<Json, VaultFailure>>;
}

/** @param validate for the requested secret; what opens a vault is always sent in a header or a form */
export function vaultClient(
  { send, variables, now }: VaultDeps,
  validate: typeof validateSecret = validateSecret,
): VaultClient {
  const endsAt = now() + TOTAL_TIMEOUT_MS;
  const timeLeft = (limitMs = CALL_TIMEOUT_MS) => Math.min(limitMs, endsAt - now());

  return {
    now,

    async ownSecret(ref, opens) {
      const timeoutMs = timeLeft();
      const found =
        ref.scheme === "env" ? envSecret(ref, variables) : await storedSecret(ref, variables, timeoutMs);
      const check = opens === undefined ? validate : validateSecret;
      const usable = found.ok ? check(found.value) : found;
      if (usable.ok || opens === undefined) return usable;
      const { problem, detail } = usable.error;
      const isTransient = problem === "timeout" || problem === "unavailable";
      return failed(
        isTransient ? problem : "not_configured",
        `the credential of ${opens} (${secretRefText(ref)}) can't be used: ${detail}`,
      );
    },

    async fetchJson(request) {
      const { who, item, method, headers, body = null, allowPrivate } = request;
      const url = urlOf(request);
      if (url === null) {
        return failed(
          "not_configured",
          `the URL of ${who}, or a part of the reference, can't form a request URL`,
        );
      }
      if (!Object.values(headers).every((value) => PRINTABLE.test(value))) {
        return failed("not_configured", `the credentials of ${who} have characters that no header can carry`);
      }
      const outgoing = { url, method, headers, body, allowPrivate, maxAnswerBytes: MAX_ANSWER_BYTES };
      for (let isFirst = true; ; isFirst = false) {
        const sentAt = now();
        const timeoutMs = timeLeft(request.timeoutMs);
        if (timeoutMs <= 0) return failed("timeout", `no time was left to request ${item} from ${who}`);
        const sent = await send({ ...outgoing, timeoutMs });
        if (sent.ok) return answerOf(request, sent.value, now() - sentAt > timeoutMs - CLOCK_SLACK_MS);
        // Retry once: the vault may have closed a pooled connection, and repeating the request is harmless. A slow or
        // refusing vault is not retried here; the caller may, as long as the order is valid.
        if (sent.error === "unreachable" && isFirst) continue;
        return sendFailure(request, sent.error);
      }
    },
  };
}

/** Header values that `fetch` accepts; for others it throws an error that quotes the value. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Null: the base has a query or fragment, or a path segment is empty or a dot segment (path traversal). */
function urlOf({ base, path, query = {} }: VaultRequest): string | null {
  if (!URL.canParse(base) || /[?#]/.test(base)) return null;
  if (!path.every((part) => part !== "" && part !== "." && part !== ".." && part.isWellFormed())) return null;
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const below = path.map((part) => encodeURIComponent(part)).join("/");
  return `${base.replace(/\/$/, "")}/${below}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
}

function sendFailure({ who, item }: VaultRequest, problem: OutgoingProblem) {
  switch (problem) {
    case "refused_address":
      return failed(
        "refused_address",
        `the URL of ${who} is private or not https; if that is meant, add \`allow_private: true\``,
      );
    case "timeout":
      return failed("timeout", `${who} did not answer in time when asked for ${item}`);
    case "unreachable":
      return failed("unavailable", `${who} could not be reached when asked for ${item}`);
  }
}

function answerOf(
  { who, item, explain }: VaultRequest,
  { status, text }: OutgoingAnswer,
  isLate: boolean,
): Result<Json, VaultFailure> {
  const context = `when asked for ${item}`;
  const read = readVaultJson(text);
  if (status !== 200) {
    const explained = explain?.(status, read.ok ? read.value : null) ?? null;
    if (explained !== null) return { ok: false, error: explained };
    const isRedirect = status >= 300 && status < 400;
    const more = isRedirect ? "; redirects are not followed" : "";
    return failed(problemOfStatus(status), `${who} answered ${status} ${context}${more}`);
  }
  // The media type is ignored: an HTML page does not parse as JSON, and AWS emulators label their JSON as HTML.
  if (read.ok) return read;
  // Truncated JSON: the response was too long (possibly cut within a character) or too slow.
  if (new TextEncoder().encode(text).length > MAX_ANSWER_BYTES - MAX_CHARACTER_BYTES) {
    return failed("too_large", `${who} answered with more than 1 MiB ${context}`);
  }
  return isLate
    ? failed("timeout", `${who} did not finish its response in time ${context}`)
    : failed("invalid_response", `${who} answered with ${read.error} ${context}`);
}
