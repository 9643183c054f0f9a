import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi, callForBytes, objectsOf } from "../api.ts";
import type { Connection } from "../server-and-key.ts";

/** Above the server's payload limit, which is 10 MiB by default and configurable. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

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
export function approvalServer(connection: Connection, signal?: AbortSignal): ApprovalServer {
  const request = (path: string, body?: JsonObject) => callApi(connection, path, { body, signal });
  const intentPath = (id: string) => `/v1/intents/${encodeURIComponent(id)}`;
  return {
    origin: connection.server.origin,
    async queue(filter) {
      const answer = await request(`/v1/approvals?${new URLSearchParams(filter).toString()}`);
      const rows = objectsOf(answer, "approvals", connection);
      return { rows: rows.map((row) => withName(row, answer)), next: textMember(answer, "next") };
    },
    groups: async () => objectsOf(await request("/v1/approvals/groups"), "groups", connection),
    intent: (id) => request(intentPath(id)),
    decision: (id) => request(`${intentPath(id)}/decision`),
    agent: (id) => request(`/v1/agents/${encodeURIComponent(id)}`),
    payload: (id) =>
      callForBytes(connection, `${intentPath(id)}/payload`, { maxBytes: MAX_PAYLOAD_BYTES, signal }),
    decide: (id, verb, body) => request(`${intentPath(id)}/${verb}`, body),
    batch: async (decisions) =>
      objectsOf(await request("/v1/approvals/batch", { decisions: [...decisions] }), "results", connection),
  };
}

/** A row is shown by itself, beside those of other pages. */
function withName(row: JsonObject, answer: JsonObject): JsonObject {
  const agent = textMember(row, "sender_agent_id");
  const names = member(answer, "names");
  if (agent === null || !isJsonObject(names) || !Object.hasOwn(names, agent)) return row;
  return { ...row, names: { [agent]: names[agent] ?? null } };
}
