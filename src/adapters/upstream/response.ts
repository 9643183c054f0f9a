import type { Header } from "../../core/outbound/header-names.ts";
import type { Masks } from "../../core/masking/masks.ts";
import {
  responseHeaders,
  responseStatusText,
  decodingOf,
  mayHaveContent,
  type ResponseProblem,
  type Decoding,
} from "../../core/outbound/response.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { CallFailure, UpstreamAnswer, UpstreamCall } from "../../ports/upstream.ts";
import { decompressedBody } from "./decompressed-body.ts";
import { maskedBody, maskedBytes } from "./masked-body.ts";
import type { Pace } from "./reading-pace.ts";
import { shortBody } from "./short-body.ts";
import { bodySource, watchedBody, type Watch } from "./watched-body.ts";

/** The runtime accepts other statuses from the wire, and can't construct a `Response` with them. */
const INVALID_STATUS: CallFailure = {
  problem: "invalid_response",
  detail: "the response's status is not between 200 and 599",
  source: "exchange",
  sent: true,
};

type Body = ReadableStream<Uint8Array>;

/**
 * The parts of a response that may go back to the agent.
 *
 * @param masks null: no credential was put in
 * @param breakOff ends the connection
 * @param pace of the body's reader
 */
export async function upstreamResponse(
  response: Response,
  { method, passesThrough, timeoutMs, pauseMs = timeoutMs }: UpstreamCall,
  masks: Masks | null,
  breakOff: () => void,
  pace: Pace,
): Promise<Result<UpstreamAnswer, CallFailure>> {
  const { status, statusText, body } = response;
  const abandon = () => void body?.cancel().catch(() => undefined);
  if (status < 200 || status > 599) {
    abandon();
    return err(INVALID_STATUS);
  }
  const headers = [...response.headers];
  const hasContent = body !== null && mayHaveContent(method, status);
  const reading = codingOf(status, headers, passesThrough && masks === null);
  const withheld = hasContent ? withholdReason(reading, headers, masks) : null;
  const isShown = hasContent && withheld === null;
  if (!isShown) abandon();
  const isDecoded = isShown && reading.ok && reading.value !== "raw" && isCoded(headers);
  const length = isShown && !isDecoded ? lengthOf(headers) : null;
  const watch = { pauseMs, breakOff, pace };
  return ok({
    status,
    statusText: responseStatusText(statusText, masks),
    headers: responseHeaders(headers, masks, isDecoded).filter(([name]) => {
      const isCorrect = hasContent ? passesThrough && length !== null : describesAbsentBody(method, status);
      return name !== "content-length" || isCorrect;
    }),
    body: isShown ? await bodyOf(body, reading, masks, length, watch) : null,
    withheld,
  });
}

/** `raw`: undecoded. */
type HowToRead = Decoding | "raw";

function codingOf(
  status: number,
  headers: readonly Header[],
  isRaw: boolean,
): Result<HowToRead, ResponseProblem> {
  return isRaw ? ok("raw") : decodingOf(status, headers);
}

function withholdReason(
  reading: Result<HowToRead, ResponseProblem>,
  headers: readonly Header[],
  masks: Masks | null,
): ResponseProblem | null {
  if (reading.ok) return null;
  if (masks !== null) return reading.error;
  // Without masks it can stay undecoded, except for a coded partial response, which the runtime would decode wrongly.
  return reading.error === "partial" && isCoded(headers) ? "partial" : null;
}

function isCoded(headers: readonly Header[]): boolean {
  return headers.some(([name]) => name.toLowerCase() === "content-encoding");
}

async function bodyOf(
  body: Body,
  reading: Result<HowToRead, ResponseProblem>,
  masks: Masks | null,
  length: number | null,
  watch: Watch,
): Promise<Body> {
  const source = length === null ? bodySource(body) : await shortBody(bodySource(body), length);
  if (source instanceof Uint8Array) return streamOf(masks === null ? source : maskedBytes(source, masks));
  const coding = reading.ok ? reading.value : "raw";
  const watched = watchedBody(source, watch);
  const decoded = coding === "gzip" || coding === "deflate" ? decompressedBody(watched, coding) : watched;
  if (masks !== null) return maskedBody(decoded, masks);
  // Keeps `Content-Length`: the runtime answers with a stream of unknown length in chunks.
  return length === null ? decoded : decoded.pipeThrough(new FixedLengthStream(length));
}

/** A stream of the platform's own, whose length it knows. */
function streamOf(bytes: Uint8Array): Body {
  return new Blob([bytes]).stream();
}

/** Null without a valid `Content-Length`, or where `Transfer-Encoding` overrides it (RFC 9112 section 6.3). */
function lengthOf(headers: readonly Header[]): number | null {
  const lengths = headers.filter(([name]) => name.toLowerCase() === "content-length");
  const isChunked = headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
  const [length] = lengths.map(([, value]) => value);
  if (length === undefined || lengths.length > 1 || isChunked || !/^\d{1,15}$/.test(length)) return null;
  return Number(length);
}

/** RFC 9110 section 8.6: there `Content-Length` is that of the response to a GET. */
function describesAbsentBody(method: string, status: number): boolean {
  return method === "HEAD" || status === 304;
}
