import type { ProposalRequest } from "./request.ts";
import type { Json } from "../base/json.ts";
import { declaredType } from "./formats/declared-type.ts";
import type { Payload } from "./payload.ts";
import type { Destination, Execute } from "../registry/registry.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseStrictJson } from "../base/strict-json.ts";
import type { HttpWrite } from "../outbound/http-write.ts";
import { fillTemplate, parsePathTemplate, readsPayload } from "../outbound/path-template.ts";
import { outboundHeaders } from "../outbound/headers.ts";
import { targetOf } from "../outbound/target.ts";
import { slotOf } from "../registry/injection.ts";

/** What is proposed, with the request that it is made by. */
export interface TemplatedProposal {
  readonly request: ProposalRequest;
  readonly payload: Payload;
}

/** Why no request can be made of a proposal. */
export type ExecuteProblem =
  /** The destination doesn't say how. */
  | "no_template"
  /** Only a name of a payload: there are no bytes to send. */
  | "reference"
  /** Declared, or written, as another type than it would be sent as. */
  | "content_type"
  /** A place in the path can't be filled, or what fills it makes another path of it. */
  | "path";

/**
 * A proposal by API, with the request that Gate would make of it where the destination says how. What can't be made
 * stays without one, and is blocked for that; what came as a request stays as it came.
 *
 * The payload is measured as what it is sent as: two readers of the same bytes must not come to two amounts.
 */
export function applyTemplate(
  request: ProposalRequest,
  payload: Payload,
  entry: Destination | undefined,
): TemplatedProposal {
  if (request.http !== undefined || entry === undefined || entry.execute === null) {
    return { request, payload };
  }
  const made = templatedProposal(request, payload, entry);
  return made.ok ? made.value : { request, payload };
}

/** The request that a destination's template makes of a proposal. */
export function templatedProposal(
  request: ProposalRequest,
  payload: Payload,
  entry: Destination,
): Result<TemplatedProposal, ExecuteProblem> {
  const { execute, upstream, credential } = entry;
  if (execute === null || upstream === null) return err("no_template");
  if (payload.kind === "reference") return err("reference");
  const type = payload.kind === "none" ? null : sentAs(execute, payload);
  if (type === undefined) return err("content_type");
  const url = urlOf(execute, upstream.url, request, payload);
  if (url === null) return err("path");
  const slot = credential === null ? null : slotOf(credential.injection);
  const headers = outboundHeaders(
    [...CONSTANT_HEADERS, ...(type === null ? [] : [["content-type", type] as const])],
    { gateHeaders: [], injection: slot, allow: [] },
  );
  if (!headers.ok) return err("content_type");
  const http: HttpWrite = {
    method: execute.method,
    url,
    headers: headers.value,
    slot,
    idempotencyHeader: upstream.idempotencyHeader,
    fromTemplate: true,
  };
  const sent = payload.kind === "none" ? payload : { ...payload, mediaType: type };
  return ok({ request: { ...request, http }, payload: sent });
}

/** Some providers refuse a request that doesn't say who sends it. */
const CONSTANT_HEADERS = [
  ["accept", "*/*"],
  ["user-agent", "zehrava-gate"],
] as const;

type Content = Extract<Payload, { kind: "content" }>;

/** RFC 9110 section 8.3.1. */
export const MEDIA_TYPE =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*;[\t\x20-\x7e]{1,200})?$/;

export function isMediaType(written: string): boolean {
  return MEDIA_TYPE.test(written) && !written.includes(",");
}

/** The media type of the request; undefined where the payload is declared, or is, something else. */
function sentAs({ contentType }: Execute, { bytes, name, mediaType }: Content): string | undefined {
  const written = contentType ?? mediaType ?? "application/json";
  if (!isMediaType(written)) return undefined;
  const sent = declaredType(null, written).type;
  const declared = declaredType(name, mediaType);
  if (declared.contradiction || (declared.type !== null && declared.type !== sent)) return undefined;
  return sent !== "json" || strictly(bytes).ok ? written : undefined;
}

/** Fatal: bytes that are no UTF-8 are read differently by every reader. A byte order mark stays, and is no JSON. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strictly(bytes: Uint8Array): Result<Json, unknown> {
  try {
    return parseStrictJson(UTF8.decode(bytes));
  } catch {
    return err("encoding");
  }
}

function urlOf(
  execute: Execute,
  upstream: string,
  request: ProposalRequest,
  payload: Payload,
): string | null {
  const template = parsePathTemplate(execute.path);
  if (!template.ok) return null;
  const read =
    readsPayload(template.value) && payload.kind === "content" ? strictly(payload.bytes) : ok(null);
  if (!read.ok) return null;
  const reference = fillTemplate(template.value, read.value, request.metadata);
  if (reference === null) return null;
  const target = targetOf("", upstream, reference);
  return target.ok ? target.value.url : null;
}
