import type { ProposalRequest } from "../proposal/request.ts";
import type { Steps } from "../base/steps.ts";
import type { Facts } from "../proposal/facts.ts";
import { parseContent } from "../proposal/formats/content.ts";
import { pathDoubt } from "../proposal/measure/path-doubt.ts";
import { allUnknown, withDoubts } from "../proposal/unknown-facts.ts";
import { NO_HINTS, type MeasureHints } from "../registry/measure-hints.ts";
import { measure, measureInSteps } from "../proposal/measure/measure.ts";
import type { Payload } from "../proposal/payload.ts";
import { contentViews, type ContentViews } from "./content-views.ts";

/*
 * An HTTP request carries its content in its body, in its query, or in both: `POST /refunds?amount=900` without a
 * body is a refund of 900.
 */

/** Facts and content of a payload, together with those of the query beside it. */
export interface MeasuredRequest {
  readonly facts: Facts;
  readonly content: ContentViews;
}

export function measureRequest(
  request: ProposalRequest,
  payload: Payload,
  hints: MeasureHints,
  measured: Facts | null = null,
): MeasuredRequest {
  const query = queryOf(request);
  if (query === null) {
    const read = readBody(request, payload, hints, measured);
    const isSingleRecord =
      request.http !== undefined && payload.kind === "none" && hints.records.kind === "single";
    return isSingleRecord ? { ...read, facts: asSingleRecord(read.facts) } : read;
  }
  if (payload.kind === "none") return readBody(request, query, hints, null);
  const { facts, content } = readBody(request, payload, hints, measured);
  const queryFacts = measure(query, NO_HINTS, NOTHING_DECLARED, () => isDeletion(request));
  const queryContent = contentViews(request, query, queryFacts, NO_HINTS);
  const counted = hints.records.kind === "single" ? facts : withAtLeast(facts, queryFacts);
  const names = namesIn(query);
  const isInQuery = (path: string) => names.has(firstName(path));
  return {
    facts: pathsOf(hints).some(isInQuery) ? allUnknown(counted, hints, "query_and_body") : counted,
    // A query made by the operator's template copies values of the payload, so it can't contradict them.
    content: {
      ...mergeContent(content, queryContent),
      isAmbiguous: (path) =>
        content.isAmbiguous?.(path) === true || (request.http?.fromTemplate !== true && isInQuery(path)),
    },
  };
}

/** The same in pieces. */
export function* measureRequestInSteps(
  request: ProposalRequest,
  payload: Payload,
  hints: MeasureHints,
): Steps<MeasuredRequest> {
  const measured =
    payload.kind === "content"
      ? yield* measureInSteps(payload, hints, request, () => isDeletion(request))
      : null;
  return measureRequest(request, payload, hints, measured);
}

/** An agent must not turn `DELETE /things?id=1&id=2` into one record by adding a body of `{}`. */
function withAtLeast(facts: Facts, { records: { measured: inQuery }, doubts }: Facts): Facts {
  const count = inQuery ?? 1;
  const { declared, measured } = facts.records;
  const counted =
    measured === null || measured >= count
      ? facts
      : {
          ...facts,
          records: { ...facts.records, measured: count, effective: Math.max(count, declared ?? 0) },
        };
  return doubts?.records === undefined ? counted : withDoubts(counted, { records: doubts.records });
}

/** A deletion's list of ids is a record each, wherever it stands. */
const DELETES = /delet|destroy|remov|purg|archiv|erase|unsubscribe|wipe|trash/i;

function isDeletion({ http, destination, action }: ProposalRequest): boolean {
  if (http?.method === "DELETE") return true;
  const path = http?.url.split("?", 1)[0] ?? "";
  return DELETES.test(destination) || DELETES.test(action) || DELETES.test(path);
}

type ContentPayload = Extract<Payload, { kind: "content" }>;

const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null } as const;

function readPayload(
  request: ProposalRequest,
  payload: Payload,
  hints: MeasureHints,
  measured: Facts | null,
): MeasuredRequest {
  const facts = measured ?? measure(payload, hints, request, () => isDeletion(request));
  return { facts, content: contentViews(request, payload, facts, hints) };
}

function readBody(
  request: ProposalRequest,
  payload: Payload,
  hints: MeasureHints,
  measured: Facts | null,
): MeasuredRequest {
  const read = readPayload(request, payload, hints, measured);
  if (payload.kind !== "content") return read;
  const { body, guessed } = parseContent(payload);
  const isGuessed = (path: string) =>
    (request.http !== undefined || guessed !== null) && mayBeField(payload, path);
  // `{"amount":900,"Amount":1}` is 1 here and 900 to parsers that ignore case.
  const isAmbiguous = (path: string) => pathDoubt(body, path) !== null || isGuessed(path);
  return {
    facts: pathsOf(hints).some(isGuessed) ? allUnknown(read.facts, hints, "guessed_type") : read.facts,
    content: { ...read.content, isAmbiguous },
  };
}

/** Media types that tell a server how to parse a body, so that it doesn't guess. */
const READ_BY_TYPE =
  /^(?:application\/|text\/)(?:[^;]*\+)?(?:json|xml|csv)\b|^application\/x-www-form-urlencoded|^multipart\//i;

/**
 * RFC 9110 section 8.3 lets a server guess the type of a body without one: `{"amount":1,"x":"&amount=900&"}` is a form
 * to some servers, with an amount of 900.
 */
function mayBeField(payload: ContentPayload, path: string): boolean {
  if (READ_BY_TYPE.test(payload.mediaType?.trim() ?? "")) return false;
  const { body } = parseContent(payload);
  if (!("text" in body) || body.format === "form") return false;
  const text = body.text.replaceAll(/%([2-7][\dA-Fa-f])/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
  const name = firstName(path);
  return name !== "" && new RegExp(`(?:^|[&;])[\\s+]*${name}[\\s+]*(?:[.[][^=&;]*)?=`, "iu").test(text);
}

/** `records: single` also counts a request without body and query, such as `DELETE /things/1`, as one record. */
function asSingleRecord(facts: Facts): Facts {
  const { declared } = facts.records;
  return { ...facts, records: { ...facts.records, measured: 1, effective: Math.max(declared ?? 1, 1) } };
}

function queryOf({ http }: ProposalRequest): ContentPayload | null {
  const at = http?.url.indexOf("?") ?? -1;
  const query = at < 0 ? "" : (http?.url.slice(at + 1) ?? "");
  if (query === "") return null;
  const bytes = new TextEncoder().encode(query);
  return { kind: "content", bytes, name: null, mediaType: "application/x-www-form-urlencoded" };
}

/** Names in the query. Servers differ on whether the query or the body wins, so a name in both is ambiguous. */
function namesIn({ bytes }: ContentPayload): ReadonlySet<string> {
  // Some servers part a query at semicolons as well (HTML 4.01, appendix B.2.2).
  const query = new TextDecoder().decode(bytes).replaceAll(";", "&");
  return new Set([...new URLSearchParams(query).keys()].map(firstName));
}

function pathsOf({ records, amount, recipients }: MeasureHints): readonly string[] {
  return [
    records.kind === "path" ? records.path : null,
    amount?.path ?? null,
    amount !== null && "path" in amount.currency ? amount.currency.path : null,
    recipients,
  ].filter((path) => path !== null);
}

/** `lines` for `lines[0][amount]`, `lines.amount` and `$.lines[*].amount`. */
function firstName(path: string): string {
  return (/[\p{L}\p{N}_-]+/u.exec(path)?.[0] ?? "").toLowerCase();
}

function mergeContent(body: ContentViews, query: ContentViews): ContentViews {
  return {
    // Each alone: joined words and runs are those of a body or of a query, and no match crosses from text to text.
    terms: (matcher) =>
      [...new Set([...body.terms(matcher), ...query.terms(matcher)])].toSorted((a, b) => a - b),
    prepare: (wanted) => body.prepare(wanted),
    hidden: body.hidden ?? query.hidden,
    texts: () => [...body.texts(), ...query.texts()],
    searched: () => [...body.searched(), ...query.searched()],
    pii(kinds) {
      const found = new Map(body.pii(kinds));
      for (const [kind, count] of query.pii(kinds)) found.set(kind, (found.get(kind) ?? 0) + count);
      return found;
    },
    templateErrors: () => [...body.templateErrors(), ...query.templateErrors()],
    records: () => body.records(),
    sensitive: () => body.sensitive() || query.sensitive(),
  };
}
