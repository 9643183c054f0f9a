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

/** A proposal with the HTTP request that performs it. */
export interface TemplatedProposal {
  readonly request: ProposalRequest;
  readonly payload: Payload;
}

/** Why a destination's template does not apply to a proposal. */
export type ExecuteProblem =
  /** The destination has no template. */
  | "no_template"
  /** The payload is a reference: there are no bytes to send. */
  | "reference"
  /** The payload is declared, or is, another type than the one that would be sent. */
  | "content_type"
  /** A placeholder of the path can't be filled, or its value would change the path's structure. */
  | "path";

/**
 * Adds the request that the destination's template makes of an API proposal. A proposal that the template does not
 * apply to stays without a request and is blocked for it; a proxied request stays as it came.
 *
 * The payload gets the media type that is sent: Gate and the upstream must not parse two amounts from the same bytes.
 */
export function applyTemplate(
  request: ProposalRequest,
  payload: Payload,
  entry: Destination | undefined,
): TemplatedProposal {
  if (request.http !== undefined || entry === undefined || entry.execute === null) {
    return { request, payload };
  }
  const templated = templatedProposal(request, payload, entry);
  return templated.ok ? templated.value : { request, payload };
}

/** Applies a destination's template to a proposal. */
export function templatedProposal(
  request: ProposalRequest,
  payload: Payload,
  entry: Destination,
): Result<TemplatedProposal, ExecuteProblem> {
  const { execute, upstream, credential } = entry;
  if (execute === null || upstream === null) return err("no_template");
  if (payload.kind === "reference") return err("reference");
  const type = payload.kind === "none" ? null : mediaTypeToSend(execute, payload);
  if (type === undefined) return err("content_type");
  const url = urlOf(execute, upstream.url, request, payload);
  if (url === null) return err("path");
  const slot = credential === null ? null : slotOf(credential.injection);
  const headers = outboundHeaders(
    [...CONSTANT_HEADERS, ...(type === null ? [] : [["content-type", type] as const])],
    { gateHeaders: [], injection: slot, listed: [], dropped: [], hosts: [] },
  );
  if (!headers.ok) return err("content_type");
  const http: HttpWrite = {
    method: execute.method,
    url,
    headers: headers.value.forwarded,
    slot,
    idempotencyHeader: upstream.idempotencyHeader,
    fromTemplate: true,
  };
  const sent = payload.kind === "none" ? payload : { ...payload, mediaType: type };
  return ok({ request: { ...request, http }, payload: sent });
}

/** Some providers refuse a request without a User-Agent. */
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

/** The media type to send; undefined where the payload is declared, or is, another type. */
function mediaTypeToSend({ contentType }: Execute, { bytes, name, mediaType }: Content): string | undefined {
  const written = contentType ?? mediaType ?? "application/json";
  if (!isMediaType(written)) return undefined;
  const sent = declaredType(null, written).type;
  const declared = declaredType(name, mediaType);
  if (declared.contradiction || (declared.type !== null && declared.type !== sent)) return undefined;
  return sent !== "json" || parseStrictBytes(bytes).ok ? written : undefined;
}

/** Fatal, because parsers differ on invalid UTF-8. A byte-order mark is passed on, and is not JSON. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseStrictBytes(bytes: Uint8Array): Result<Json, unknown> {
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
    readsPayload(template.value) && payload.kind === "content" ? parseStrictBytes(payload.bytes) : ok(null);
  if (!read.ok) return null;
  const reference = fillTemplate(template.value, read.value, request.metadata);
  if (reference === null) return null;
  const target = targetOf("", upstream, reference);
  return target.ok ? target.value.url : null;
}
