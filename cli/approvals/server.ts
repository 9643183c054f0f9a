import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { errorText } from "../io.ts";
import { Unreachable } from "./options.ts";
import { clipped } from "./visible.ts";

const TIMEOUT_MS = 30_000;

/** A page of the queue is a hundredth of this; more is no answer of Gate's. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Payloads have the server's limit, ten megabytes unless its operator chose another. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** The server said no. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Page {
  readonly rows: readonly JsonObject[];
  /** Where the next page starts; null: there is none. */
  readonly next: string | null;
}

export interface ApprovalServer {
  readonly origin: string;
  queue(filter: Readonly<Record<string, string>>): Promise<Page>;
  groups(): Promise<readonly JsonObject[]>;
  intent(id: string): Promise<JsonObject>;
  decision(id: string): Promise<JsonObject>;
  agent(id: string): Promise<JsonObject>;
  payload(id: string): Promise<Uint8Array>;
  decide(id: string, verb: "approve" | "reject", body: JsonObject): Promise<JsonObject>;
  batch(decisions: readonly JsonObject[]): Promise<readonly JsonObject[]>;
}

/** The routes of a server that people decide through. What comes back is measured before it is used. */
export function approvalServer(server: URL, apiKey: string, signal?: AbortSignal): ApprovalServer {
  const send = (path: string, maxBytes: number, body?: JsonObject) =>
    exchange(server, path, { apiKey, maxBytes, body, signal });
  const ask = async (path: string, body?: JsonObject) =>
    objectOf(await send(path, MAX_ANSWER_BYTES, body), server);
  const intentPath = (id: string) => `/v1/intents/${encodeURIComponent(id)}`;
  return {
    origin: server.origin,
    async queue(filter) {
      const answer = await ask(`/v1/approvals?${new URLSearchParams(filter).toString()}`);
      return { rows: objectsOf(answer, "approvals"), next: textMember(answer, "next") };
    },
    groups: async () => objectsOf(await ask("/v1/approvals/groups"), "groups"),
    intent: (id) => ask(intentPath(id)),
    decision: (id) => ask(`${intentPath(id)}/decision`),
    agent: (id) => ask(`/v1/agents/${encodeURIComponent(id)}`),
    payload: (id) => send(`${intentPath(id)}/payload`, MAX_PAYLOAD_BYTES),
    decide: (id, verb, body) => ask(`${intentPath(id)}/${verb}`, body),
    batch: async (decisions) =>
      objectsOf(await ask("/v1/approvals/batch", { decisions: [...decisions] }), "results"),
  };
}

interface Call {
  readonly apiKey: string;
  readonly maxBytes: number;
  readonly body: JsonObject | undefined;
  readonly signal: AbortSignal | undefined;
}

async function exchange(server: URL, path: string, { apiKey, maxBytes, body, signal }: Call) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const base = server.href.replace(/\/$/, "");
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(`${base}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      // A redirect would carry the key to wherever it points.
      redirect: "error",
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    bytes = await bounded(response, maxBytes);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Unreachable) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Unreachable(`${server.origin} can't be asked: ${errorText(cause)}`);
  }
  if (response.ok) return bytes;
  throw refusalOf(server, response.status, bytes);
}

async function bounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > maxBytes) throw new Unreachable("the server's answer is larger than any should be");
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function refusalOf(server: URL, status: number, bytes: Uint8Array): Refused {
  if (status === 401) {
    return new Refused(status, "invalid_key", `${server.origin} does not know this key: give a reviewer's`);
  }
  const problem = parsed(bytes);
  const said = problem === null ? null : textMember(problem, "detail");
  const code = problem === null ? null : textMember(problem, "code");
  const detail = said === null ? `${server.origin} answered ${status}` : clipped(said, 300);
  return new Refused(status, code ?? `http_${status}`, detail);
}

function objectOf(bytes: Uint8Array, server: URL): JsonObject {
  const value = parsed(bytes);
  if (value !== null) return value;
  throw new Unreachable(`${server.origin} answered with something that is not JSON: is it a Gate server?`);
}

function parsed(bytes: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function objectsOf(answer: JsonObject, name: string): readonly JsonObject[] {
  const list = member(answer, name);
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
