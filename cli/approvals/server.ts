import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { exchange, objectIn, Unreachable } from "../exchange.ts";
import { clipped } from "./sanitize-text.ts";

const TIMEOUT_MS = 30_000;

/** A hundred times a page of the queue: a larger response is not Gate's. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Above the server's payload limit, which is 10 MiB by default and configurable. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** The server refused the request: its status, code and detail. */
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
  /** Each with the name of its agent, as `names`. */
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

/** The approval routes of a server. Responses are bounded and checked before use, because the server is untrusted. */
export function approvalServer(server: URL, apiKey: string, signal?: AbortSignal): ApprovalServer {
  const send = async (path: string, maxBytes: number, body?: JsonObject) => {
    const method = body === undefined ? "GET" : "POST";
    const call = { method, apiKey, maxBytes, timeoutMs: TIMEOUT_MS, body, signal } as const;
    const { ok, status, bytes } = await exchange(server, path, call);
    if (ok) return bytes;
    throw refusalOf(server, status, bytes);
  };
  const request = async (path: string, body?: JsonObject) =>
    objectOf(await send(path, MAX_ANSWER_BYTES, body), server);
  const intentPath = (id: string) => `/v1/intents/${encodeURIComponent(id)}`;
  return {
    origin: server.origin,
    async queue(filter) {
      const answer = await request(`/v1/approvals?${new URLSearchParams(filter).toString()}`);
      const rows = objectsOf(answer, "approvals", server);
      return { rows: rows.map((row) => withName(row, answer)), next: textMember(answer, "next") };
    },
    groups: async () => objectsOf(await request("/v1/approvals/groups"), "groups", server),
    intent: (id) => request(intentPath(id)),
    decision: (id) => request(`${intentPath(id)}/decision`),
    agent: (id) => request(`/v1/agents/${encodeURIComponent(id)}`),
    payload: (id) => send(`${intentPath(id)}/payload`, MAX_PAYLOAD_BYTES),
    decide: (id, verb, body) => request(`${intentPath(id)}/${verb}`, body),
    batch: async (decisions) =>
      objectsOf(await request("/v1/approvals/batch", { decisions: [...decisions] }), "results", server),
  };
}

/** A row is shown by itself, beside those of other pages. */
function withName(row: JsonObject, answer: JsonObject): JsonObject {
  const agent = textMember(row, "sender_agent_id");
  const names = member(answer, "names");
  if (agent === null || !isJsonObject(names) || !Object.hasOwn(names, agent)) return row;
  return { ...row, names: { [agent]: names[agent] ?? null } };
}

function refusalOf(server: URL, status: number, bytes: Uint8Array): Refused {
  if (status === 401) {
    return new Refused(
      status,
      "invalid_key",
      `${server.origin} does not know this key: use a reviewer's key`,
    );
  }
  const problem = objectIn(bytes);
  const reason = problem === null ? null : textMember(problem, "detail");
  const code = problem === null ? null : textMember(problem, "code");
  const detail = reason === null ? `${server.origin} responded ${status}` : clipped(reason, 300);
  return new Refused(status, code ?? `http_${status}`, detail);
}

function objectOf(bytes: Uint8Array, server: URL): JsonObject {
  const value = objectIn(bytes);
  if (value !== null) return value;
  throw new Unreachable(`${server.origin} responded with something other than JSON: is it a Gate server?`);
}

function objectsOf(answer: JsonObject, name: string, server: URL): readonly JsonObject[] {
  const list = member(answer, name);
  if (Array.isArray(list)) return list.filter(isJsonObject);
  // An unexpected response must not read as "no intent waits".
  throw new Unreachable(`${server.origin} sent no list of ${name}: is it a Gate server?`);
}
