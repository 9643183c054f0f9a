import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { errorText } from "./io.ts";

/** The server could not be reached, or does not know the key. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  readonly apiKey: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly body?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A server's response of any status. @throws {Unreachable} without a response, or for one above `maxBytes` */
export async function exchange(
  server: URL,
  path: string,
  { method, apiKey, maxBytes, timeoutMs, body, signal }: Call,
): Promise<{ readonly status: number; readonly ok: boolean; readonly bytes: Uint8Array }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${server.href.replace(/\/$/, "")}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      // A followed redirect could send the key to another host.
      redirect: "error",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status: response.status, ok: response.ok, bytes: await bounded(response, maxBytes) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Unreachable) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Unreachable(`${server.origin} can't be reached: ${errorText(cause)}`);
  }
}

async function bounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > maxBytes) throw new Unreachable(`the server's response is larger than ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

/** The JSON object in a body; null: it is none. */
export function objectIn(bytes: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
