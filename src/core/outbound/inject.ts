import { fromBase64 } from "../base/base64.ts";
import { err, ok, type Result } from "../base/result.ts";
import { HOP_BY_HOP, isHeaderName, type Header } from "./header-names.ts";
import { isMaskable, maskProblem, type MaskProblem } from "../masking/secret-strength.ts";
import type { Injection } from "../registry/injection.ts";

export type InjectProblem =
  | MaskProblem
  /** A header that a credential may not set, a format without `{secret}`, a user with a colon. */
  | "slot"
  /** The agent's query already has the parameter, and an upstream could read that one (parameter pollution). */
  | "slot_taken";

export interface OutboundRequest {
  readonly url: string;
  /** Lower case, as `outboundHeaders` returns them. */
  readonly headers: readonly Header[];
}

export interface Injected {
  /** Sent, and never stored or logged. */
  readonly request: OutboundRequest;
  /** The texts to mask in the response (`masksFor`). */
  readonly secrets: readonly string[];
}

/** Injects the credential. A problem never quotes the secret. */
export function inject(
  request: OutboundRequest,
  injection: Injection,
  secret: string,
): Result<Injected, InjectProblem> {
  const problem = maskProblem(secret);
  if (problem !== null) return err(problem);
  // Parsers trim a header's value (RFC 9110 section 5.5), so the upstream would see another secret.
  if (secret.trim() !== secret) return err("characters");
  switch (injection.kind) {
    case "bearer":
      if (secret.includes(" ")) return err("characters");
      return ok({ request: withHeader(request, "authorization", `Bearer ${secret}`), secrets: [secret] });
    case "basic":
      return basic(request, injection.user, secret);
    case "header":
      return header(request, injection.name, injection.format, secret);
    case "query":
      return parameter(request, injection.name, secret);
  }
}

function withHeader(request: OutboundRequest, name: string, value: string): OutboundRequest {
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name);
  return { ...request, headers: [...others, [name, value]] };
}

/** RFC 7617 section 2: the first colon ends the user. */
const USER = /^[\x20-\x39\x3b-\x7e]{0,256}$/;

function basic(
  request: OutboundRequest,
  user: string | null,
  secret: string,
): Result<Injected, InjectProblem> {
  if (user !== null && !USER.test(user)) return err("slot");
  const pair = user === null ? secret : `${user}:${secret}`;
  const secrets = user === null ? secretsOfPair(pair) : ok([secret, pair].filter(isMaskable));
  if (!secrets.ok) return secrets;
  const sent = withHeader(request, "authorization", `Basic ${btoa(pair)}`);
  // The encoded pair is masked too: an upstream may encode it once more when it echoes it.
  return ok({ request: sent, secrets: [...secrets.value, ...[btoa(pair)].filter(isMaskable)] });
}

/** One half of a stored pair may be a constant (`api:key`, `key:`); the other half is the secret then. */
function secretsOfPair(pair: string): Result<readonly string[], MaskProblem> {
  const colon = pair.indexOf(":");
  if (colon < 0) return err("characters");
  const parts = [pair.slice(0, colon), pair.slice(colon + 1)].filter(isMaskable);
  if (parts.length > 0) return ok([pair, ...parts]);
  return err(maskProblem(pair.slice(colon + 1)) ?? "too_short");
}

/** Headers that the runtime sets, or that do not authenticate the caller. */
const RESERVED_HEADERS = new Set(["host", "content-length", "content-type", "cookie", "expect"]);

const PLACEHOLDER = "{secret}";
const FORMAT = /^[\x20-\x7e]{0,200}$/;

function header(
  request: OutboundRequest,
  written: string,
  format: string,
  secret: string,
): Result<Injected, InjectProblem> {
  const name = written.toLowerCase();
  if (!isHeaderName(name) || HOP_BY_HOP.has(name) || RESERVED_HEADERS.has(name)) return err("slot");
  const [before = "", after, ...more] = format.split(PLACEHOLDER);
  if (after === undefined || more.length > 0 || !FORMAT.test(format)) return err("slot");
  const sent = withHeader(request, name, `${before}${secret}${after}`);
  // The secret is stored as base64; an upstream decodes it to echo the user's name or the pair.
  const isPair = /^basic +$/i.test(before) && after === "";
  const decoded = isPair ? decodedPair(secret) : null;
  if (decoded === null) return ok({ request: sent, secrets: [secret] });
  const inner = isMaskable(decoded) ? secretsOfPair(decoded) : err(maskProblem(decoded) ?? "characters");
  return inner.ok ? ok({ request: sent, secrets: [secret, ...inner.value] }) : inner;
}

function decodedPair(secret: string): string | null {
  const bytes = fromBase64(secret);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function parameter(request: OutboundRequest, name: string, secret: string): Result<Injected, InjectProblem> {
  if (!/^[A-Za-z0-9_.~-]{1,100}$/.test(name)) return err("slot");
  const at = request.url.indexOf("?");
  const query = at < 0 ? "" : request.url.slice(at + 1);
  if (lenientNames(query).includes(name.toLowerCase())) return err("slot_taken");
  const joint = at < 0 ? "?" : query === "" || query.endsWith("&") ? "" : "&";
  const sent = escaped(secret);
  const url = `${request.url}${joint}${name}=${sent}`;
  // An upstream that echoes the URL in base64 encodes the escaped secret.
  const isOther = sent !== secret && isMaskable(sent);
  return ok({ request: { ...request, url }, secrets: isOther ? [secret, sent] : [secret] });
}

/** Parameter names as the most lenient parser reads them: no case, brackets or blanks, and `;` as a separator. */
function lenientNames(query: string): readonly string[] {
  return query.split(/[&;?]/).map((part) => {
    const name = part.split("=")[0] ?? "";
    const read = name.replaceAll("+", " ").replaceAll(/%([2-7][\dA-Fa-f])/g, (_, digits: string) => {
      return String.fromCharCode(Number.parseInt(digits, 16));
    });
    return (read.split("[")[0] ?? "").trim().toLowerCase();
  });
}

/** Escapes every reserved character of RFC 3986, also those that `encodeURIComponent` leaves. */
function escaped(secret: string): string {
  return encodeURIComponent(secret).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
