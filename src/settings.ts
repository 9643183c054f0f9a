import { version } from "../package.json";
import { isOverride } from "./core/outbound/request-header-table.ts";
import { bodyLimitsOf, type BodyLimitVariables } from "./core/base/body-limits.ts";
import { requestLimitsOf, type RequestLimitVariables } from "./core/base/request-limits.ts";
import { timeLimitsOf, type TimeLimitVariables } from "./core/base/time-limits.ts";
import type { Settings } from "./ports/settings.ts";

/** Variables that an operator sets; wrangler types them as the literals of `wrangler.toml`. */
export interface SettingVariables extends TimeLimitVariables, RequestLimitVariables, BodyLimitVariables {
  readonly GATE_ORIGIN: string;
  readonly GATE_PUBLIC_URL?: string;
  readonly GATE_KEY_HEADER?: string;
  readonly MAX_PAYLOAD_BYTES?: string;
  readonly MAX_RESPONSE_BYTES?: string;
  readonly PUBLIC_FEED_ENABLED?: string;
  readonly PUBLIC_FEED_AGENT_NAME?: string;
  readonly GATE_A2H_COMPAT?: string;
  readonly GATE_LOG?: string;
  /** "true": people of the registry sign in without a key. Only the local server sets it, by its option. */
  readonly LOCAL_SIGN_IN?: string;
}

const DEFAULT_MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;
const DEFAULT_MAX_RESPONSE_BYTES = 1024 * 1024;
const DEFAULT_KEY_HEADER = "x-gate-key";

/**
 * The platform limits an RPC to 32 MiB, and a payload or response reaches its intent's object in one: a larger response
 * would leave a write sent and its outcome unrecorded.
 */
const MAX_SIZE_BYTES = 24 * 1024 * 1024;

/** C2SP signed-note: a key name contains no white space and no plus sign. */
const ORIGIN = /^[^\s+\p{Cc}]{1,200}$/u;

/** @throws {Error} for a variable whose value is invalid: every request fails until the operator corrects it */
export function settingsOf(variables: SettingVariables): Settings {
  const { GATE_ORIGIN, GATE_PUBLIC_URL, GATE_KEY_HEADER } = variables;
  if (!ORIGIN.test(GATE_ORIGIN)) {
    throw new Error("GATE_ORIGIN must be a name of 1 to 200 characters, without white space and plus signs");
  }
  return {
    maxPayloadBytes: sizeOf("MAX_PAYLOAD_BYTES", variables, DEFAULT_MAX_PAYLOAD_BYTES),
    maxResponseBytes: sizeOf("MAX_RESPONSE_BYTES", variables, DEFAULT_MAX_RESPONSE_BYTES),
    keyHeader: keyHeaderOf(GATE_KEY_HEADER),
    origin: GATE_ORIGIN,
    publicFeed: String(variables.PUBLIC_FEED_ENABLED) === "true",
    publicFeedAgent: variables.PUBLIC_FEED_AGENT_NAME?.trim() || null,
    a2hDiscovery: variables.GATE_A2H_COMPAT === "true",
    version,
    publicUrl: publicUrlOf(GATE_PUBLIC_URL),
    localSignIn: variables.LOCAL_SIGN_IN === "true",
    logsRequests: logsRequests(variables.GATE_LOG),
    timeLimits: timeLimitsOf(variables),
    requestLimits: requestLimitsOf(variables),
    bodyLimits: bodyLimitsOf(variables),
  };
}

/** @throws {Error} for any other word: an operator who asks for lines must not find none after an incident */
function logsRequests(written: string | undefined): boolean {
  if (written === undefined || written === "" || written === "off") return false;
  // `pretty` is the command's own form of the same lines.
  if (written === "json" || written === "pretty") return true;
  throw new Error("GATE_LOG must be off, json or pretty");
}

/**
 * An origin without a path, because cookies and form origins cover the whole host; null: messages carry no links.
 *
 * @throws {Error} for any other text: approvers would get broken links, and no error would show it
 */
function publicUrlOf(written: string | undefined): string | null {
  if (written === undefined || written === "") return null;
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new Error("GATE_PUBLIC_URL must be a URL without a path, such as https://gate.example.com, or empty");
}

/** @throws {Error} unless it is an `X-` header that has no meaning yet */
function keyHeaderOf(written: string | undefined): string {
  if (written === undefined || written === "") return DEFAULT_KEY_HEADER;
  const name = written.toLowerCase();
  if (/^x-[a-z0-9-]{1,60}$/.test(name) && !isOverride(name)) return name;
  throw new Error("GATE_KEY_HEADER must be an unused header name that begins with X-, such as X-Gate-Key");
}

/** @throws {Error} unless it is a number of bytes that an intent's object can store */
function sizeOf(
  name: "MAX_PAYLOAD_BYTES" | "MAX_RESPONSE_BYTES",
  variables: SettingVariables,
  byDefault: number,
): number {
  const written = variables[name];
  if (written === undefined || written === "") return byDefault;
  const bytes = /^\d{1,9}$/.test(written) ? Number(written) : 0;
  if (bytes > 0 && bytes <= MAX_SIZE_BYTES) return bytes;
  throw new Error(`${name} must be a number of bytes from 1 to ${MAX_SIZE_BYTES}`);
}
