/*
 * The client of Gate's API that tests use, however their requests travel: over HTTP to the built command, or straight to
 * the Worker's fetch handler.
 */

import { noteExchange } from "./openapi/exchanges.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The JSON value of an answer that has one, else its text. */
  // Tests look at what came over the wire, whatever it was.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export interface Principal {
  readonly id: string;
  readonly key: string;
}

export interface Client {
  /** One call as a well-behaved client makes it; a text is sent as it is, anything else as JSON. */
  call(method: string, path: string, key?: string | null, body?: unknown): Promise<Answer>;
  /** One request with whatever a hostile client would put on the wire. */
  send(path: string, init: RequestInit): Promise<Answer>;
}

type Transport = (request: Request) => Promise<Response>;

/** A client of the server on this port of the machine. */
export const clientAt = (port: number): Client => clientOf(`http://127.0.0.1:${port}`, fetch);

export function clientOf(origin: string, transport: Transport): Client {
  const send = async (path: string, init: RequestInit) => {
    const response = await transport(new Request(origin + path, init));
    const answer = await answerOf(response);
    // After a redirect it is another operation's.
    if (!response.redirected) noteAnswer(init.method ?? "GET", path, answer);
    return answer;
  };
  return {
    send,
    call: (method, path, key, body) => {
      const headers: Record<string, string> =
        body === undefined ? {} : { "Content-Type": "application/json" };
      if (typeof key === "string") headers["Authorization"] = `Bearer ${key}`;
      const sent = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
      return send(path, { method, headers, body: sent });
    },
  };
}

/** Has the response compared with the document of the API when the test ends. */
export function noteAnswer(method: string, path: string, { status, headers, text }: Answer): void {
  const type = headers.get("Content-Type") ?? "";
  noteExchange({ method: method.toUpperCase(), path, status, type, json: isJson(type) ? text : null });
}

function isJson(type: string): boolean {
  return /^application\/([\w.]+\+)?json\b/.test(type);
}

/** Reads a response to its end. */
export async function answerOf(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const hasJson = text !== "" && isJson(response.headers.get("Content-Type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    body: hasJson ? JSON.parse(text) : text,
  };
}

/** @throws {Error} with the answer, when the server does not register */
export async function registerBy(
  client: Client,
  adminKey: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Principal> {
  const answer = await client.call("POST", "/v1/agents/register", adminKey, body);
  if (answer.status !== 201) throw new Error(`not registered: ${answer.text}`);
  return { id: answer.body.agentId, key: answer.body.apiKey };
}
