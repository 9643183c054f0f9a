import { GateError } from "./gate-error.ts";
import type { UpstreamResponse } from "./answers.ts";

/**
 * The upstream's response in Gate's, with the body's bytes beside its text.
 *
 * @throws {GateError} `invalid_response`: the server is not Gate, or too old for this call
 */
export function upstreamResponse(answer: Readonly<Record<string, unknown>>): UpstreamResponse {
  const { body, encoding } = answer;
  const bytes = typeof body === "string" ? bytesOf(body, encoding) : null;
  if (bytes !== null) return Object.assign(answer, { bytes }) as unknown as UpstreamResponse;
  throw new GateError("no upstream response", { code: "invalid_response", body: answer });
}

/** Null for another encoding than Gate's, and for what is not encoded so. */
function bytesOf(text: string, encoding: unknown): Uint8Array | null {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  if (encoding !== "base64") return null;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}
