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

/** Why a request is not sent on. */
export type HeaderProblem =
  /** `X-HTTP-Method-Override`, `X-Original-URL`: the upstream would do another thing than what was decided on. */
  | "override"
  /** Not a header, or one that would end before its end. */
  | "malformed"
  /** Two values where there is one (RFC 9110 section 5.3): each reader would take another. */
  | "repeated"
  | "too_large";

export interface OutboundRules {
  /**
   * What is said to Gate: the header that agents' keys may come in, and the one by which this caller was known,
   * whatever it held (a key, an issuer's token).
   */
  readonly gateHeaders: readonly string[];
  /** Null: the agent sends its own credential. */
  readonly injection: InjectionSlot | null;
  /** Further headers that the operator lets through; never those that can't be. */
  readonly allow: readonly string[];
}

/** Upstreams refuse more than 8 to 32 KiB; the platform, more than 128. */
const MAX_HEADER_CHARS = 32 * 1024;

/** Whose second value would be read by some and not by others. */
const SINGLE: ReadonlySet<string> = new Set(["content-type", "content-encoding", "authorization"]);

/**
 * The headers that go to the upstream: what the list in `outbound-names.ts` has, without what is the connection's,
 * Gate's, or a credential beside the one that is put in. Lower case, in order, lines of one name joined, so that the
 * same request is always the same text.
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
    return !connection.has(name) && !HOP_BY_HOP.has(name) && goesOut(name, value, rules);
  });
  if (isRepeated(sent)) return err("repeated");
  const changed = combined(sent).flatMap((header) => withoutWaiting(header));
  if (rules.injection === null) return ok(changed);
  // Masking needs the bytes as they are: RFC 9110 section 12.5.3.
  return ok(combined([...changed, ["accept-encoding", "identity"]]));
}

/** Would need the whole to be masked, or be answered in a coding that can't be read. */
const NOT_WITH_A_CREDENTIAL: ReadonlySet<string> = new Set(["range", "if-range", "accept-encoding"]);

function goesOut(name: string, value: string, { gateHeaders, injection, allow }: OutboundRules): boolean {
  if (gateHeaders.some((own) => own.toLowerCase() === name) || holdsGateKey(value)) return false;
  if (injection !== null) {
    if (NOT_WITH_A_CREDENTIAL.has(name) || isAgentCredential(name)) return false;
    if (injection.in === "header" && withDashes(injection.name) === withDashes(name)) return false;
  }
  return isForwardable(name, allow);
}

const GATE_KEY = new RegExp(`(?:${Object.values(KEY_PREFIX).join("|")}|gex_)[\\w-]{8}`);

/** A key of Gate's, or an order's token, in clear or as the password of basic authentication (RFC 7617). */
export function holdsGateKey(text: string): boolean {
  if (GATE_KEY.test(text)) return true;
  const basic = /^basic +([A-Za-z0-9+/_-]+)={0,2}$/i.exec(text.trim())?.[1];
  if (basic === undefined || basic.length % 4 === 1) return false;
  return GATE_KEY.test(atob(basic.replaceAll("-", "+").replaceAll("_", "/")));
}

function isRepeated(headers: readonly Header[]): boolean {
  const seen = new Set<string>();
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (!SINGLE.has(name)) continue;
    // `Headers` has joined them already; a comma within quotes is part of a boundary.
    if (seen.has(name) || (name === "content-type" && value.replaceAll(/"[^"]*"/g, "").includes(","))) {
      return true;
    }
    seen.add(name);
  }
  return false;
}

/** RFC 7240: `wait` is said to Gate; what else is preferred is for the upstream. */
function withoutWaiting([name, value]: Header): readonly Header[] {
  if (name !== "prefer") return [[name, value]];
  const others = value.split(",").map((preference) => preference.trim());
  const forwarded = others.filter((preference) => preference !== "" && !/^wait\b(?!-)/i.test(preference));
  return forwarded.length === 0 ? [] : [[name, forwarded.join(", ")]];
}

/** What the digest of an intent holds of them (see `outboundHeaders` for their form). */
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
