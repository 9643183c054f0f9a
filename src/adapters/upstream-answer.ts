import type { Header } from "../core/proxy/header-names.ts";
import type { Masks } from "../core/proxy/masks.ts";
import {
  answeredHeaders,
  answeredStatusText,
  decodingOf,
  mayHaveContent,
  type AnswerProblem,
  type Decoding,
} from "../core/proxy/response.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { CallFailure, UpstreamAnswer, UpstreamCall } from "../ports/upstream.ts";
import { decompressedBody } from "./decompressed-body.ts";
import { maskedBody } from "./masking.ts";
import { watchedBody } from "./watched-body.ts";

/** The runtime takes other statuses from the wire too, and couldn't answer with them. */
const ODD_ANSWER: CallFailure = {
  problem: "odd_answer",
  detail: "the answer's status is none of HTTP's",
  sent: true,
};

type Body = ReadableStream<Uint8Array>;

/**
 * What of a response may go back.
 *
 * @param masks null: no credential was put in
 * @param breakOff ends the connection
 */
export function answerOf(
  response: Response,
  { method, passesThrough, timeoutMs }: UpstreamCall,
  masks: Masks | null,
  breakOff: () => void,
): Result<UpstreamAnswer, CallFailure> {
  const { status, statusText, body } = response;
  const abandon = () => void body?.cancel().catch(() => undefined);
  if (status < 200 || status > 599) {
    abandon();
    return err(ODD_ANSWER);
  }
  const headers = [...response.headers];
  const hasContent = body !== null && mayHaveContent(method, status);
  const reading = readingOf(status, headers, passesThrough && masks === null);
  const withheld = hasContent ? whyWithheld(reading, headers, masks) : null;
  const isShown = hasContent && withheld === null;
  if (!isShown) abandon();
  const isDecoded = isShown && reading.ok && reading.value !== "raw" && isCoded(headers);
  const length = isShown && passesThrough ? lengthOf(headers) : null;
  return ok({
    status,
    statusText: answeredStatusText(statusText, masks),
    headers: answeredHeaders(headers, masks, isDecoded).filter(([name]) => {
      return name !== "content-length" || (hasContent ? length !== null : mayTellLength(method, status));
    }),
    body: isShown
      ? bodyOf(watchedBody(body, { pauseMs: timeoutMs, breakOff }), reading, masks, length)
      : null,
    withheld,
  });
}

/** `raw`: with its coding, as it came. */
type HowToRead = Decoding | "raw";

function readingOf(
  status: number,
  headers: readonly Header[],
  isRaw: boolean,
): Result<HowToRead, AnswerProblem> {
  return isRaw ? ok("raw") : decodingOf(status, headers);
}

function whyWithheld(
  reading: Result<HowToRead, AnswerProblem>,
  headers: readonly Header[],
  masks: Masks | null,
): AnswerProblem | null {
  if (reading.ok) return null;
  if (masks !== null) return reading.error;
  // Nothing has to be looked for, so it stays as it came; but of a part of something coded the runtime makes nonsense.
  return reading.error === "partial" && isCoded(headers) ? "partial" : null;
}

function isCoded(headers: readonly Header[]): boolean {
  return headers.some(([name]) => name.toLowerCase() === "content-encoding");
}

function bodyOf(
  body: Body,
  reading: Result<HowToRead, AnswerProblem>,
  masks: Masks | null,
  length: number | null,
): Body {
  const coding = reading.ok ? reading.value : "raw";
  const decoded = coding === "gzip" || coding === "deflate" ? decompressedBody(body, coding) : body;
  if (masks !== null) return maskedBody(decoded, masks);
  // Else the runtime, which can't know how long a stream will be, would answer in chunks.
  return coding === "raw" && length !== null ? decoded.pipeThrough(new FixedLengthStream(length)) : decoded;
}

/** Null where it isn't said, or another header has the say (RFC 9112 section 6.3). */
function lengthOf(headers: readonly Header[]): number | null {
  const said = headers.filter(([name]) => name.toLowerCase() === "content-length");
  const isChunked = headers.some(([name]) => name.toLowerCase() === "transfer-encoding");
  const [length] = said.map(([, value]) => value);
  if (length === undefined || said.length > 1 || isChunked || !/^\d{1,15}$/.test(length)) return null;
  return Number(length);
}

/** Of what would have been sent (RFC 9110 section 8.6). */
function mayTellLength(method: string, status: number): boolean {
  return method === "HEAD" || status === 304;
}
