import { generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { type Client, text } from "./client.ts";

export interface Member {
  readonly id: string;
  readonly key: string;
  readonly role: string;
}

const REGISTRATIONS = {
  ops: { role: "admin" },
  audit: { role: "auditor" },
  ana: { role: "reviewer", person: "ana" },
  ben: { role: "reviewer", person: "ben" },
  cleo: { role: "reviewer", person: "cleo" },
  importer: { role: "agent", owner: "dora", metadata: { team: "crm" }, environment: "production" },
  "vpc-1": { role: "runner" },
  "night-batch": { role: "agent" },
  "old-agent": { role: "agent" },
  "lost-agent": { role: "agent" },
  leaver: { role: "reviewer", person: "cleo" },
} as const;

export type Name = keyof typeof REGISTRATIONS;
export type Members = Readonly<Record<Name, Member>>;

/** Everybody of the folder, each with a key; `firstAdmin` is the one that the first start made. */
export async function register(client: Client, firstAdmin: string): Promise<Members> {
  const members: Partial<Record<Name, Member>> = {};
  for (const [name, fields] of Object.entries(REGISTRATIONS)) {
    const { body } = await client.call("POST", "/v1/agents/register", firstAdmin, { name, ...fields }, 201);
    members[name as Name] = { id: text(body, "agentId"), key: text(body, "apiKey"), role: fields.role };
  }
  return members as Members;
}

/** Registers the key that the runner signs its reports with, and gives the private half. */
export async function registerReportKey(
  client: Client,
  { ops, "vpc-1": runner }: Members,
): Promise<JsonWebKey> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { kty, crv, x } = publicKey.export({ format: "jwk" });
  await client.call("POST", `/v1/agents/${runner.id}/report-key`, ops.key, { jwk: { kty, crv, x } });
  return privateKey.export({ format: "jwk" });
}
