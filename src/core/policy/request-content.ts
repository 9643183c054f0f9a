import type { Ask } from "../proposal/request.ts";
import type { Facts } from "../proposal/facts.ts";
import { parseContent } from "../proposal/formats/content.ts";
import { hasSimilarNames } from "../proposal/measure/similar-names.ts";
import { NO_HINTS, type MeasureHints } from "../registry/measure-hints.ts";
import { measure } from "../proposal/measure/measure.ts";
import type { Payload } from "../proposal/payload.ts";
import { contentOf, type Content } from "./content-views.ts";

/*
 * A request over HTTP says what it wants written in its body, in its query, or in both: `POST /refunds?amount=900`
 * without a body is a refund of 900.
 */

/** What is read of the payload and of the query beside it. */
export interface Written {
  readonly facts: Facts;
  readonly content: Content;
}

export function readWritten(ask: Ask, payload: Payload, hints: MeasureHints): Written {
  const query = queryOf(ask);
  if (query === null) {
    const read = readBody(ask, payload, hints);
    const isOne = ask.http !== undefined && payload.kind === "none" && hints.records.kind === "single";
    return isOne ? { ...read, facts: one(read.facts) } : read;
  }
  if (payload.kind === "none") return readPayload(ask, query, hints);
  const { facts, content } = readBody(ask, payload, hints);
  const said = measure(query, NO_HINTS, NOTHING_DECLARED);
  const beside = contentOf(ask, query, said, NO_HINTS);
  const counted = hints.records.kind === "auto" ? withAtLeast(facts, said.records.measured ?? 1) : facts;
  const names = namesIn(query);
  const isSaid = (path: string) => names.has(firstName(path));
  return {
    facts: pathsOf(hints).some(isSaid) ? inDoubt(counted) : counted,
    // What a template of the operator's puts into the query it takes from the payload.
    content: {
      ...together(content, beside),
      saidTwice: (path) =>
        content.saidTwice?.(path) === true || (ask.http?.fromTemplate !== true && isSaid(path)),
    },
  };
}

/** `DELETE /things?id=1&id=2` does not become one record by a body of `{}`. */
function withAtLeast(facts: Facts, count: number): Facts {
  const { declared, measured } = facts.records;
  if (measured === null || measured >= count) return facts;
  const effective = Math.max(count, declared ?? 0);
  return { ...facts, records: { ...facts.records, measured: count, effective } };
}

type Bytes = Extract<Payload, { kind: "content" }>;

const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null } as const;

function readPayload(ask: Ask, payload: Payload, hints: MeasureHints): Written {
  const facts = measure(payload, hints, ask);
  return { facts, content: contentOf(ask, payload, facts, hints) };
}

function readBody(ask: Ask, payload: Payload, hints: MeasureHints): Written {
  const read = readPayload(ask, payload, hints);
  if (ask.http === undefined || payload.kind !== "content") return read;
  // `{"amount":900,"amount":1}` is 1 here and 900 to readers who stop at the first.
  const isDoubtful = read.facts.typeContradiction || isFormInside(payload, hints);
  const saidTwice = (path: string) => hasSimilarNames(parseContent(payload).body, path);
  return { facts: isDoubtful ? inDoubt(read.facts) : read.facts, content: { ...read.content, saidTwice } };
}

/** What a server reads by its type and not by its looks. */
const READ_BY_TYPE =
  /^(?:application\/|text\/)(?:[^;]*\+)?(?:json|xml|csv)\b|^application\/x-www-form-urlencoded|^multipart\//i;

/**
 * RFC 9110 section 8.3: a body of no named type is what the server takes it for. `{"amount":1,"x":"&amount=900&"}` is a
 * form to some, and then it says 900.
 */
function isFormInside(payload: Bytes, hints: MeasureHints): boolean {
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

/** The operator's word that each of these requests is one record holds for `DELETE /things/1`, which says no more. */
function one(facts: Facts): Facts {
  const { declared } = facts.records;
  return { ...facts, records: { ...facts.records, measured: 1, effective: Math.max(declared ?? 1, 1) } };
}

function queryOf({ http }: Ask): Bytes | null {
  const at = http?.url.indexOf("?") ?? -1;
  const query = at < 0 ? "" : (http?.url.slice(at + 1) ?? "");
  if (query === "") return null;
  const bytes = new TextEncoder().encode(query);
  return { kind: "content", bytes, name: null, mediaType: "application/x-www-form-urlencoded" };
}

/** Some servers take the query's word, some the body's: which one counts here is not known. */
function namesIn({ bytes }: Bytes): ReadonlySet<string> {
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

/** Of `lines[0][amount]`, `lines.amount` and `$.lines[*].amount`: `lines`. */
function firstName(path: string): string {
  return (/[\p{L}\p{N}_-]+/u.exec(path)?.[0] ?? "").toLowerCase();
}

function inDoubt(facts: Facts): Facts {
  const { records, money } = facts;
  return {
    ...facts,
    records: { ...records, uncertain: true },
    money: money === "none" ? money : "incomplete",
    recipients: null,
  };
}

function together(body: Content, query: Content): Content {
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
