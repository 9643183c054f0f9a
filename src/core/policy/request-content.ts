import type { ProposalRequest } from "../proposal/request.ts";
import type { Facts } from "../proposal/facts.ts";
import { parseContent } from "../proposal/formats/content.ts";
import { hasSimilarNames } from "../proposal/measure/similar-names.ts";
import { NO_HINTS, type MeasureHints } from "../registry/measure-hints.ts";
import { measure } from "../proposal/measure/measure.ts";
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
): MeasuredRequest {
  const query = queryOf(request);
  if (query === null) {
    const read = readBody(request, payload, hints);
    const isSingleRecord =
      request.http !== undefined && payload.kind === "none" && hints.records.kind === "single";
    return isSingleRecord ? { ...read, facts: asSingleRecord(read.facts) } : read;
  }
  if (payload.kind === "none") return readPayload(request, query, hints);
  const { facts, content } = readBody(request, payload, hints);
  const queryFacts = measure(query, NO_HINTS, NOTHING_DECLARED);
  const queryContent = contentViews(request, query, queryFacts, NO_HINTS);
  const counted =
    hints.records.kind === "auto" ? withAtLeast(facts, queryFacts.records.measured ?? 1) : facts;
  const names = namesIn(query);
  const isInQuery = (path: string) => names.has(firstName(path));
  return {
    facts: pathsOf(hints).some(isInQuery) ? asUncertain(counted) : counted,
    // A query made by the operator's template copies values of the payload, so it can't contradict them.
    content: {
      ...mergeContent(content, queryContent),
      isAmbiguous: (path) =>
        content.isAmbiguous?.(path) === true || (request.http?.fromTemplate !== true && isInQuery(path)),
    },
  };
}

/** An agent must not turn `DELETE /things?id=1&id=2` into one record by adding a body of `{}`. */
function withAtLeast(facts: Facts, count: number): Facts {
  const { declared, measured } = facts.records;
  if (measured === null || measured >= count) return facts;
  const effective = Math.max(count, declared ?? 0);
  return { ...facts, records: { ...facts.records, measured: count, effective } };
}

type ContentPayload = Extract<Payload, { kind: "content" }>;

const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null } as const;

function readPayload(request: ProposalRequest, payload: Payload, hints: MeasureHints): MeasuredRequest {
  const facts = measure(payload, hints, request);
  return { facts, content: contentViews(request, payload, facts, hints) };
}

function readBody(request: ProposalRequest, payload: Payload, hints: MeasureHints): MeasuredRequest {
  const read = readPayload(request, payload, hints);
  if (request.http === undefined || payload.kind !== "content") return read;
  // `{"amount":900,"amount":1}` is 1 here and 900 to parsers that take the first of duplicates.
  const isDoubtful = read.facts.typeContradiction || mayBeForm(payload, hints);
  const isAmbiguous = (path: string) => hasSimilarNames(parseContent(payload).body, path);
  return {
    facts: isDoubtful ? asUncertain(read.facts) : read.facts,
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
function mayBeForm(payload: ContentPayload, hints: MeasureHints): boolean {
  if (READ_BY_TYPE.test(payload.mediaType?.trim() ?? "")) return false;
  const { body } = parseContent(payload);
  if (!("text" in body) || body.format === "form") return false;
  const text = body.text.replaceAll(/%([2-7][\dA-Fa-f])/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
  return pathsOf(hints).some((path) => {
    const name = firstName(path);
    return name !== "" && new RegExp(`(?:^|[&;])[\\s+]*${name}[\\s+]*(?:[.[][^=&;]*)?=`, "iu").test(text);
  });
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

function asUncertain(facts: Facts): Facts {
  const { records, money } = facts;
  return {
    ...facts,
    records: { ...records, uncertain: true },
    money: money === "none" ? money : "incomplete",
    recipients: null,
  };
}

function mergeContent(body: ContentViews, query: ContentViews): ContentViews {
  return {
    hidden: body.hidden ?? query.hidden,
    texts: () => [...body.texts(), ...query.texts()],
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
