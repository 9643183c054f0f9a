import { isJsonObject, type JsonObject } from "../../../core/base/json.ts";
import type { Channel } from "../../../core/registry/registry.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import { parseStrictJson } from "../../../core/base/strict-json.ts";
import type { Ports } from "../../../ports/ports.ts";
import {
  CHANNEL_TIMEOUT_MS,
  credentialFailure,
  failed,
  isHeaderText,
  retryAfterMs,
  retry,
  deliveryResult,
  sendFailure,
  type SendFailure,
} from "./send-result.ts";

export type SlackApp = Extract<Channel, { kind: "slack_app" }>;

/** Why a call failed. */
export interface SlackProblem {
  /** Slack's error code; null: the response has none. */
  readonly code: string | null;
  readonly result: SendFailure;
}

/** Slack error codes after which a retry may succeed. */
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set([
  "fatal_error",
  "internal_error",
  "org_login_required",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

/** Problem texts for Slack's error codes. */
const ERROR_TEXT: ReadonlyMap<string, string> = new Map([
  ["account_inactive", "the app's token is of a deleted user or workspace"],
  ["channel_not_found", "Slack knows no such channel, or the app may not see it"],
  ["invalid_auth", "Slack refuses the app's token"],
  ["is_archived", "the channel is archived"],
  ["missing_scope", "the app lacks the scope chat:write"],
  ["not_authed", "Slack refuses the app's token"],
  ["not_in_channel", "the app is not in the channel: invite it"],
  ["restricted_action", "the workspace does not let the app post there"],
  ["token_expired", "the app's token has expired"],
  ["token_revoked", "the app's token was revoked"],
]);

/** One call of Slack's Web API, which reports errors with status 200. */
export async function callSlack(
  channel: SlackApp,
  method: "chat.postMessage" | "chat.update" | "views.open",
  body: JsonObject,
  ports: Pick<Ports, "sendOutgoing" | "secret">,
  timeoutMs = CHANNEL_TIMEOUT_MS,
): Promise<Result<JsonObject, SlackProblem>> {
  const fetched = await ports.secret(channel.token);
  if (!fetched.ok) return problem(credentialFailure(channel.token, fetched.error));
  const token = fetched.value;
  if (!isHeaderText(token)) return problem(failed(`the credential ${channel.token} is no header value`));
  const sent = await ports.sendOutgoing({
    url: `${channel.url}/${method}`,
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json; charset=utf-8" },
    body: JSON.stringify(body),
    timeoutMs,
    allowPrivate: channel.allowPrivate,
  });
  if (!sent.ok) return problem(sendFailure(sent.error));
  const { status, headers, text } = sent.value;
  const parsed = parseStrictJson(text);
  const answer = parsed.ok && isJsonObject(parsed.value) ? parsed.value : null;
  if (status === 200 && answer?.["ok"] === true) return ok(answer);
  const code = errorCodeOf(answer?.["error"]);
  if (status === 429 || code === "ratelimited" || code === "rate_limited") {
    return problem(retry("Slack limits the request rate", status, retryAfterMs(headers, Date.now())), code);
  }
  if (code !== null && status < 500) {
    const detail = ERROR_TEXT.get(code) ?? `Slack answered ${code}`;
    return problem(TRANSIENT_ERRORS.has(code) ? retry(detail, status) : failed(detail, status), code);
  }
  const result = deliveryResult(sent, Date.now());
  return problem(
    result.kind === "delivered" ? retry("the response is not from Slack's API", status) : result,
  );
}

/** An error in the form of Slack's codes; problem texts quote nothing else of a response. */
function errorCodeOf(error: unknown): string | null {
  return typeof error === "string" && /^[a-z][a-z_]{1,63}$/.test(error) ? error : null;
}

function problem(result: SendFailure, code: string | null = null): Result<JsonObject, SlackProblem> {
  return err({ code, result });
}
