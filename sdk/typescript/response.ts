import { GateError } from "./gate-error.ts";
import type { UpstreamResponse } from "./answers.ts";

/**
 * The upstream's response in Gate's, with the body's bytes beside its text.
 *
 * @throws {GateError} `invalid_response`: the server is not Gate, or too old for this call
 */
export function upstreamResponse(answer: Readonly<Record<string, unknown>>): UpstreamResponse {
  const { body, encoding } = answer;
  if (typeof body !== "string" || (encoding !== "utf-8" && encoding !== "base64")) {
    throw new GateError("the server returned no upstream response: is it a Gate server?", {
      code: "invalid_response",
      body: answer,
    });
  }
  const bytes = encoding === "utf-8" ? new TextEncoder().encode(body) : fromBase64(body);
  return Object.assign(answer, { bytes }) as unknown as UpstreamResponse;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (error) {
    throw new GateError("the response is not base64", { code: "invalid_response", cause: error });
  }
}
