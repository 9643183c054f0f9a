import type { Json } from "../base/json.ts";
import { KEY_PREFIX } from "../identity/principal.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  combined,
  HOP_BY_HOP,
  isHeaderName,
  isHeaderValue,
  namedInConnection,
  withDashes,
  type Header,
} from "./header-names.ts";
import { isListable, meaningOf, type EntryHeaders } from "./request-header-table.ts";
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

export interface HeaderRefusal {
  readonly problem: HeaderProblem;
  /** The first header with the problem; null where its name is not valid or all of them together are too long. */
  readonly header: string | null;
}

export interface OutboundRules extends EntryHeaders {
  /**
   * Headers addressed to Gate: those that may hold an agent's key, and the one that authenticated this caller, by a key
   * or an issuer's token.
   */
  readonly gateHeaders: readonly string[];
  /** Slot of Gate's credential; null: the agent sends its own. */
  readonly injection: InjectionSlot | null;
  /** Hosts by which agents reach Gate: that of the request's URL, and the configured one. */
  readonly hosts: readonly string[];
}

export interface OutboundHeaders {
  /** Lower case, sorted, lines of one name joined, so that equal requests have equal digests. */
  readonly forwarded: readonly Header[];
  /** Names, sorted, of what the agent sent for the upstream and the upstream does not get as it was sent. */
  readonly dropped: readonly string[];
}

/** Upstreams refuse more than 8 to 32 KiB, the platform more than 128 KiB. */
const MAX_HEADER_CHARS = 32 * 1024;

/** Singleton fields: of two values, servers disagree which one counts. */
const SINGLETON_FIELDS: ReadonlySet<string> = new Set(["content-type", "content-encoding", "authorization"]);

/**
 * Sorts the agent's headers by the table (`request-header-table.ts`): without hop-by-hop headers, Gate's own, and the
 * agent's credentials when Gate injects one. Unlisted headers are forwarded, since a write that has one is held for a
 * person (`unlistedHeaders`).
 */
export function outboundHeaders(
  headers: readonly Header[],
  rules: OutboundRules,
): Result<OutboundHeaders, HeaderRefusal> {
  const refusal = firstRefusal(headers, rules.hosts);
  if (refusal !== null) return err(refusal);
  const connection = namedInConnection(headers);
  const dropped = new Set<string>();
  const sent = headers.filter(([written, value]) => {
    const name = written.toLowerCase();
    const fate = connection.has(name) || HOP_BY_HOP.has(name) ? "hop" : fateOf(name, value, rules);
    if (fate === "dropped") dropped.add(name);
    return fate === "forwarded";
  });
  const repeated = repeatedSingleton(sent);
  if (repeated !== null) return err({ problem: "repeated", header: repeated });
  const forwarded = combined(sent).flatMap((header) => withoutWait(header));
  // Masking searches plain bytes, so no content coding is accepted (RFC 9110 section 12.5.3).
  const uncoded = rules.injection === null ? forwarded : combined([...forwarded, IDENTITY]);
  return ok({ forwarded: uncoded, dropped: [...dropped].toSorted() });
}

/** Requests an uncompressed response (RFC 9110 section 12.5.3). */
export const IDENTITY: Header = ["accept-encoding", "identity"];

function firstRefusal(headers: readonly Header[], hosts: readonly string[]): HeaderRefusal | null {
  let size = 0;
  for (const [written, value] of headers) {
    size += written.length + value.length;
    if (!isHeaderName(written)) return { problem: "malformed", header: null };
    const header = written.toLowerCase();
    if (!isHeaderValue(value)) return { problem: "malformed", header };
    if (meaningOf(header, value, hosts) === "chooses_request") return { problem: "override", header };
  }
  return size > MAX_HEADER_CHARS ? { problem: "too_large", header: null } : null;
}

/** Dropped beside an injected credential: a partial or compressed response could not be masked. */
const DROPPED_WITH_CREDENTIAL: ReadonlySet<string> = new Set(["range", "if-range", "accept-encoding"]);

/** `hop`: not meant for the upstream, so the agent loses nothing. */
function fateOf(
  name: string,
  value: string,
  { gateHeaders, injection, listed, dropped }: OutboundRules,
): "forwarded" | "dropped" | "hop" {
  if (gateHeaders.some((own) => own.toLowerCase() === name) || holdsGateKey(value)) return "hop";
  const meaning = meaningOf(name, value);
  if (meaning === "hop" || meaning === "chooses_request") return "hop";
  if (injection !== null) {
    if (DROPPED_WITH_CREDENTIAL.has(name)) return value === "identity" ? "hop" : "dropped";
    if (meaning === "credential") return "dropped";
    if (injection.in === "header" && withDashes(injection.name) === withDashes(name)) return "dropped";
  }
  if (dropped.includes(name)) return "dropped";
  if (meaning !== "dropped") return "forwarded";
  return listed.includes(name) && isListable(name) ? "forwarded" : "dropped";
}

const GATE_KEY = new RegExp(`(?:${Object.values(KEY_PREFIX).join("|")}|gex_)[\\w-]{8}`);

/** Does the text hold a key of Gate or an order's token, plain or as a basic-auth password (RFC 7617)? */
export function holdsGateKey(text: string): boolean {
  if (GATE_KEY.test(text)) return true;
  const basic = /^basic +([A-Za-z0-9+/_-]+)={0,2}$/i.exec(text.trim())?.[1];
  if (basic === undefined || basic.length % 4 === 1) return false;
  return GATE_KEY.test(atob(basic.replaceAll("-", "+").replaceAll("_", "/")));
}

function repeatedSingleton(headers: readonly Header[]): string | null {
  const seen = new Set<string>();
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (!SINGLETON_FIELDS.has(name)) continue;
    // `Headers` joins repeated lines with a comma; a comma within quotes is part of a boundary.
    if (seen.has(name) || (name === "content-type" && value.replaceAll(/"[^"]*"/g, "").includes(","))) {
      return name;
    }
    seen.add(name);
  }
  return null;
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
