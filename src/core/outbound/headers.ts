import type { Json } from "../base/json.ts";
import { KEY_PREFIX } from "../identity/principal.ts";
import { err, ok, type Result } from "../base/result.ts";
import { withDashes, isForwardable, isOverride, isAgentCredential } from "./header-allow-list.ts";
import {
  combined,
  HOP_BY_HOP,
  isHeaderName,
  isHeaderValue,
  namedInConnection,
  type Header,
} from "./header-names.ts";
import type { InjectionSlot } from "../registry/injection.ts";

/** Why a request's headers are refused. */
export type HeaderProblem =
  /** `X-HTTP-Method-Override`, `X-Original-URL`: the upstream would execute another request than the approved one. */
  | "override"
  /** Not a valid header, or one with a control character (header injection). */
  | "malformed"
  /** Two values for a singleton field (RFC 9110 section 5.3), of which parsers take different ones. */
  | "repeated"
  | "too_large";

export interface OutboundRules {
  /**
   * Headers addressed to Gate: those that may hold an agent's key, and the one that authenticated this caller, by a key
   * or an issuer's token.
   */
  readonly gateHeaders: readonly string[];
  /** Slot of Gate's credential; null: the agent sends its own. */
  readonly injection: InjectionSlot | null;
  /** Further headers that the operator allows; headers that are never forwarded stay excluded. */
  readonly allow: readonly string[];
}

/** Upstreams refuse more than 8 to 32 KiB, the platform more than 128 KiB. */
const MAX_HEADER_CHARS = 32 * 1024;

/** Singleton fields: of two values, servers disagree which one counts. */
const SINGLETON_FIELDS: ReadonlySet<string> = new Set(["content-type", "content-encoding", "authorization"]);

/**
 * The headers forwarded to the upstream: those on the allow-list (`header-allow-list.ts`), without hop-by-hop headers,
 * Gate's own, and the agent's credentials when Gate injects one. Lower case, sorted, lines of one name joined, so that
 * equal requests have equal digests.
 */
export function outboundHeaders(
  headers: readonly Header[],
  rules: OutboundRules,
): Result<readonly Header[], HeaderProblem> {
  let size = 0;
  for (const [name, value] of headers) {
    size += name.length + value.length;
    if (!isHeaderName(name) || !isHeaderValue(value)) return err("malformed");
    if (isOverride(name)) return err("override");
  }
  if (size > MAX_HEADER_CHARS) return err("too_large");
  const connection = namedInConnection(headers);
  const sent = headers.filter(([written, value]) => {
    const name = written.toLowerCase();
    return !connection.has(name) && !HOP_BY_HOP.has(name) && isForwarded(name, value, rules);
  });
  if (repeatsSingleton(sent)) return err("repeated");
  const forwardedHeaders = combined(sent).flatMap((header) => withoutWait(header));
  if (rules.injection === null) return ok(forwardedHeaders);
  // Masking searches plain bytes, so no content coding is accepted (RFC 9110 section 12.5.3).
  return ok(combined([...forwardedHeaders, ["accept-encoding", "identity"]]));
}

/** Dropped beside an injected credential: a partial or compressed response could not be masked. */
const DROPPED_WITH_CREDENTIAL: ReadonlySet<string> = new Set(["range", "if-range", "accept-encoding"]);

function isForwarded(name: string, value: string, { gateHeaders, injection, allow }: OutboundRules): boolean {
  if (gateHeaders.some((own) => own.toLowerCase() === name) || holdsGateKey(value)) return false;
  if (injection !== null) {
    if (DROPPED_WITH_CREDENTIAL.has(name) || isAgentCredential(name)) return false;
    if (injection.in === "header" && withDashes(injection.name) === withDashes(name)) return false;
  }
  return isForwardable(name, allow);
}

const GATE_KEY = new RegExp(`(?:${Object.values(KEY_PREFIX).join("|")}|gex_)[\\w-]{8}`);

/** Does the text hold a key of Gate or an order's token, plain or as a basic-auth password (RFC 7617)? */
export function holdsGateKey(text: string): boolean {
  if (GATE_KEY.test(text)) return true;
  const basic = /^basic +([A-Za-z0-9+/_-]+)={0,2}$/i.exec(text.trim())?.[1];
  if (basic === undefined || basic.length % 4 === 1) return false;
  return GATE_KEY.test(atob(basic.replaceAll("-", "+").replaceAll("_", "/")));
}

function repeatsSingleton(headers: readonly Header[]): boolean {
  const seen = new Set<string>();
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (!SINGLETON_FIELDS.has(name)) continue;
    // `Headers` joins repeated lines with a comma; a comma within quotes is part of a boundary.
    if (seen.has(name) || (name === "content-type" && value.replaceAll(/"[^"]*"/g, "").includes(","))) {
      return true;
    }
    seen.add(name);
  }
  return false;
}

/** Removes `wait` (RFC 7240), which is addressed to Gate; other preferences are for the upstream. */
function withoutWait([name, value]: Header): readonly Header[] {
  if (name !== "prefer") return [[name, value]];
  const others = value.split(",").map((preference) => preference.trim());
  const forwarded = others.filter((preference) => preference !== "" && !/^wait\b(?!-)/i.test(preference));
  return forwarded.length === 0 ? [] : [[name, forwarded.join(", ")]];
}

/** The part of an intent's digest that covers the headers (see `outboundHeaders` for their form). */
export function headersForDigest(headers: readonly Header[], injection: InjectionSlot | null): Json {
  return {
    headers: combined(headers).map(([name, value]) => [name, value]),
    credential:
      injection === null
        ? null
        : {
            in: injection.in,
            name: injection.in === "header" ? injection.name.toLowerCase() : injection.name,
          },
  };
}
