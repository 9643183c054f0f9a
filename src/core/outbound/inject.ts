import { fromBase64 } from "../base/base64.ts";
import { err, ok, type Result } from "../base/result.ts";
import { HOP_BY_HOP, isHeaderName, type Header } from "./header-names.ts";
import { isMaskable, maskProblem, type MaskProblem } from "../masking/secret-strength.ts";
import type { Injection } from "../registry/injection.ts";

export type InjectProblem =
  | MaskProblem
  /** A header that isn't the credential's to set, a format without its place, a user with a colon. */
  | "slot"
  /** The agent's own query has the parameter: an upstream could take that one. */
  | "slot_taken";

export interface OutboundRequest {
  readonly url: string;
  /** Lower case, as `outboundHeaders` gives them. */
  readonly headers: readonly Header[];
}

export interface Injected {
  /** To be sent, and never kept or shown. */
  readonly request: OutboundRequest;
  /** What has to be masked in all that comes back (`masksFor`). */
  readonly secrets: readonly string[];
}

/** Puts the credential in, or says why it can't be. A problem never says what the secret is. */
export function inject(
  request: OutboundRequest,
  injection: Injection,
  secret: string,
): Result<Injected, InjectProblem> {
  const problem = maskProblem(secret);
  if (problem !== null) return err(problem);
  // Blanks at the ends of a header's value are no part of it (RFC 9110 section 5.5).
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
  // As it is sent, too: what is said back of it may be encoded once more.
  return ok({ request: sent, secrets: [...secrets.value, ...[btoa(pair)].filter(isMaskable)] });
}

/** Of a pair as some keep it, one side may be for show (`api:key`, `key:`): the other is the secret then. */
function secretsOfPair(pair: string): Result<readonly string[], MaskProblem> {
  const colon = pair.indexOf(":");
  if (colon < 0) return err("characters");
  const parts = [pair.slice(0, colon), pair.slice(colon + 1)].filter(isMaskable);
  if (parts.length > 0) return ok([pair, ...parts]);
  return err(maskProblem(pair.slice(colon + 1)) ?? "too_short");
}

/** Set by the runtime, or said about something else than who is calling. */
const RESERVED_HEADERS = new Set(["host", "content-length", "content-type", "cookie", "expect"]);

const PLACE = "{secret}";
const FORMAT = /^[\x20-\x7e]{0,200}$/;

function header(
  request: OutboundRequest,
  written: string,
  format: string,
  secret: string,
): Result<Injected, InjectProblem> {
  const name = written.toLowerCase();
  if (!isHeaderName(name) || HOP_BY_HOP.has(name) || RESERVED_HEADERS.has(name)) return err("slot");
  const [before = "", after, ...more] = format.split(PLACE);
  if (after === undefined || more.length > 0 || !FORMAT.test(format)) return err("slot");
  const sent = withHeader(request, name, `${before}${secret}${after}`);
  // What is kept as base64 for this is decoded by whoever echoes the user's name, or the pair.
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
  if (namesOf(query).includes(name.toLowerCase())) return err("slot_taken");
  const joint = at < 0 ? "?" : query === "" || query.endsWith("&") ? "" : "&";
  const sent = escaped(secret);
  const url = `${request.url}${joint}${name}=${sent}`;
  // An address that is said back in base64 holds it escaped.
  const isOther = sent !== secret && isMaskable(sent);
  return ok({ request: { ...request, url }, secrets: isOther ? [secret, sent] : [secret] });
}

/** Of all parameters, as the readiest reader takes them: without case, brackets, or blanks, `;` between them too. */
function namesOf(query: string): readonly string[] {
  return query.split(/[&;?]/).map((part) => {
    const name = part.split("=")[0] ?? "";
    const read = name.replaceAll("+", " ").replaceAll(/%([2-7][\dA-Fa-f])/g, (_, digits: string) => {
      return String.fromCharCode(Number.parseInt(digits, 16));
    });
    return (read.split("[")[0] ?? "").trim().toLowerCase();
  });
}

/** Every reserved character of RFC 3986, also those that `encodeURIComponent` leaves. */
function escaped(secret: string): string {
  return encodeURIComponent(secret).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
