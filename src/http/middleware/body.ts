import type { JsonObject } from "../../core/base/json.ts";
import { isJsonObject } from "../../core/base/json.ts";
import { parseStrictJson, type JsonProblem } from "../../core/base/strict-json.ts";
import { LARGE_BODY_BYTES } from "../../core/base/body-limits.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";
import { receiveBody } from "./receive-body.ts";

/** Limit of every body except a proposal's: it has a few fields. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** A report's: a result of 64 KiB, spaced or escaped by a client's JSON. */
export const REPORT_BODY_BYTES = 4 * SMALL_BODY_BYTES;

/** Base64 takes four bytes for three, JSON escapes more; the payload itself is measured after decoding. */
const BODY_BYTES_PER_PAYLOAD_BYTE = 2;
const ENVELOPE_BYTES = 256 * 1024;

/** The largest body of a proposal whose payload may have this many bytes. */
export function proposalBodyBytes(maxPayloadBytes: number): number {
  return maxPayloadBytes * BODY_BYTES_PER_PAYLOAD_BYTE + ENVELOPE_BYTES;
}

/** An authentication older than this is repeated after the body, which a client can send over hours. */
const AUTHENTICATED_FOR_MS = 1_000;

/** How long a client with a large body waits for a slot, within the time that its body may take. */
const SLOT_WAIT_MS = 10_000;

const JSON_PROBLEM_TEXT = {
  malformed: "The body is not JSON.",
  duplicate_key: "The body has a member twice; send each member once.",
  too_deep: "The body is nested too deeply.",
  unsafe_number: "A number in the body is too large for all JSON parsers to read alike; send it as a text.",
  lone_surrogate: "A text in the body is not valid Unicode.",
} as const satisfies Record<JsonProblem, string>;

/**
 * The body as a JSON object. An empty one is `{}`: existing clients send a content type and nothing else.
 *
 * Never more than `limit` bytes are read, whatever the length header claims.
 */
export async function readJson(c: GateContext, limit = SMALL_BODY_BYTES): Promise<JsonObject> {
  const type =
    (c.req.header("Content-Type") ?? "application/json").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const text = decode(await readBytes(c, limit));
  if (text.trim() === "") return {};
  if (type !== "application/json" && !type.endsWith("+json")) {
    return refuse({
      status: 415,
      code: "unsupported_media_type",
      detail: "Send the body as application/json.",
    });
  }
  const parsed = await parsedInTurn(c, text);
  if (!parsed.ok) {
    return refuse({ status: 400, code: "invalid_json", detail: JSON_PROBLEM_TEXT[parsed.error] });
  }
  if (!isJsonObject(parsed.value)) {
    return refuse({ status: 400, code: "invalid_json", detail: "The body must be a JSON object." });
  }
  return parsed.value;
}

/** Parsing a large body takes a tenth of a second: of several that came at once one is parsed, and then others go on. */
async function parsedInTurn(c: GateContext, text: string): Promise<ReturnType<typeof parseStrictJson>> {
  if (text.length <= LARGE_BODY_BYTES) return parseStrictJson(text);
  return c.env.turns.run(
    (function* () {
      // The turn before it ends with a pause.
      yield text.length;
      return parseStrictJson(text);
    })(),
  );
}

/**
 * The body as it came, read once: 413 for more than `limit` bytes, 408 for one that takes too long, 503 for a large one
 * while there are too many. @throws 401 if the caller's key was revoked while it sent the body
 */
export async function readBytes(c: GateContext, limit: number): Promise<Uint8Array> {
  const known = c.var.body;
  if (known !== undefined) return known.length <= limit ? known : tooLarge(limit);
  const begun = Date.now();
  const bytes = await wholeBody(c, limit);
  const took = Date.now() - begun;
  // A clock that was set back must not make a slow body look fast.
  if (took < 0 || took > AUTHENTICATED_FOR_MS) await c.var.reauthenticate?.();
  return bytes;
}

async function wholeBody(c: GateContext, limit: number): Promise<Uint8Array> {
  const ports = c.env;
  const declared = Number(c.req.header("Content-Length") ?? 0);
  if (declared > limit) tooLarge(limit);
  const { body } = c.req.raw;
  if (body === null) return new Uint8Array();
  const isFramed =
    c.var.isUnframed !== true &&
    c.req.header("Transfer-Encoding") === undefined &&
    Number.isInteger(declared) &&
    declared > 0;
  const { arrivalMs } = ports.settings.bodyLimits;
  // A body framed by Content-Length can't be longer, and the platform reads a short one without a copy of each chunk.
  if (isFramed && declared <= SMALL_BODY_BYTES) return readFramedBody(c, arrivalMs);
  const received = await receiveBody(body as ReadableStream<Uint8Array>, {
    limit,
    length: isFramed ? declared : null,
    arrivalMs,
    takeSlot: () => ports.bodySlots.take(c.var.limitKey ?? "", SLOT_WAIT_MS),
  });
  switch (received.kind) {
    case "whole":
      if (received.release !== null) c.set("releaseBody", received.release);
      return received.bytes;
    case "too_large":
      return tooLarge(limit);
    case "late":
      return refuseLate(arrivalMs);
    case "busy":
      return refuseBusy();
    case "broken_off":
      return refuseIncomplete();
  }
}

async function readFramedBody(c: GateContext, arrivalMs: number): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), arrivalMs);
  });
  // Reading fails if the client disconnects or frames the body wrongly, which is a 400 and no fault of Gate.
  const read = c.req.raw.arrayBuffer().catch(() => undefined);
  const bytes = await Promise.race([read, late]);
  clearTimeout(timer);
  if (bytes === null) return refuseLate(arrivalMs);
  return bytes === undefined ? refuseIncomplete() : new Uint8Array(bytes);
}

function refuseLate(arrivalMs: number): never {
  return refuse({
    status: 408,
    code: "body_timeout",
    detail: `The body did not arrive in time: it may take ${arrivalMs / 1_000} seconds, and must not stall.`,
    // RFC 9110 section 15.5.9: the rest of the body would be read as the next request.
    headers: { Connection: "close" },
  });
}

function refuseBusy(): never {
  return refuse({
    status: 503,
    code: "large_bodies_busy",
    detail:
      "Gate handles as many large bodies as it can at once, or this key has its share of them. Try again.",
    headers: { "Retry-After": "5", Connection: "close" },
  });
}

function refuseIncomplete(): never {
  return refuse({
    status: 400,
    code: "incomplete_body",
    detail: "The body ended early, or its framing is invalid.",
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return refuse({ status: 400, code: "invalid_json", detail: "The body is not UTF-8." });
  }
}

function tooLarge(limit: number): never {
  return refuse({
    status: 413,
    code: "payload_too_large",
    detail: `The body is larger than the ${limit} bytes allowed here.`,
    more: { limit_bytes: limit },
  });
}
