import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { bytesToHex } from "@noble/hashes/utils.js";
import { fromBase64Url } from "../../../src/core/base/base64url.ts";
import { clientOf, registerBy, type Principal } from "../client.ts";
import { fetchWorker } from "./bindings.ts";
import type { IntentObject } from "../../../durable-objects/intent/intent-object.ts";

const BASE = "http://gate.test";
const ADMIN_KEY = "gate_ak_test_only";

export const { call, send } = clientOf(BASE, fetchWorker);

let made = 0;

/** A unique text. */
export function fresh(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** Registers a principal with the admin key; names are made unique. */
export function register(role: string, more: Record<string, unknown> = {}): Promise<Principal> {
  return registerBy({ call, send }, ADMIN_KEY, { name: fresh(role), role, ...more });
}

/** A CRM import of this many leads, held over 100 and approved at 100 or under by the shipped policy. */
export function crmImport(records: number, more: Record<string, unknown> = {}) {
  return {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: "./leads.csv",
    recordCount: records,
    ...more,
  };
}

/** A proposal to a destination of the tests' rules; `crm.pair` is under the policy `pair`, and so on. */
export function proposal(destination: string, more: Record<string, unknown> = {}) {
  const word = destination.split(".")[1] ?? "";
  const policy = destination.startsWith("crm.") ? word : "small";
  return { destination, policy, payload: JSON.stringify({ row: fresh("row") }), recordCount: 1, ...more };
}

/** Proposes and returns the id; throws on another status. */
export async function propose(
  agent: Principal,
  request: Record<string, unknown>,
  status: "approved" | "pending_approval" | "blocked",
): Promise<string> {
  const answer = await call("POST", "/v1/intents", agent.key, request);
  if (answer.status !== 200 || answer.body.status !== status) {
    throw new Error(`not ${status}: ${answer.text}`);
  }
  return answer.body.intentId;
}

export interface Ordered {
  readonly intent: string;
  readonly id: string;
  readonly token: string;
}

/** An approved intent with its order. */
export async function ordered(agent: Principal, request = proposal("crm.small")): Promise<Ordered> {
  const intent = await propose(agent, request, "approved");
  const answer = await call("POST", `/v1/intents/${intent}/execute`, agent.key);
  if (answer.status !== 201) throw new Error(`not ordered: ${answer.text}`);
  return { intent, id: answer.body.executionId, token: answer.body.execution_token };
}

/** The exact state, as the admin reads it. */
export async function stateOf(intent: string): Promise<string> {
  return (await call("GET", `/v1/intents/${intent}`, ADMIN_KEY)).body.state;
}

/** The ledger's events of an intent, in order, as the admin reads them. */
export async function eventsOf(intent: string): Promise<readonly string[]> {
  const { body } = await call("GET", `/v1/intents/${intent}/audit`, ADMIN_KEY);
  return body.events.map(({ event_type }: { event_type: string }) => event_type);
}

/** The stub of an intent's object. */
export function objectOf(intent: string): DurableObjectStub<IntentObject> {
  const bytes = fromBase64Url(intent.slice("int_".length));
  if (bytes === null) throw new Error(`no id: ${intent}`);
  return env.INTENTS.get(env.INTENTS.idFromString(bytesToHex(bytes)));
}

export async function objectCount(): Promise<number> {
  return (await listDurableObjectIds(env.INTENTS)).length;
}

export interface LedgerRow {
  readonly intent_id: string;
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  readonly at: number;
  readonly body: string;
  readonly prev_hash: string;
  readonly entry_hash: string;
  readonly mac: string;
}

/** A chain's rows in D1. */
export async function ledgerOf(chain: string): Promise<readonly LedgerRow[]> {
  const { results } = await env.DB.prepare("SELECT * FROM ledger WHERE intent_id = ?1 ORDER BY seq")
    .bind(chain)
    .all<LedgerRow>();
  return results;
}

const POLL_MS = 5;
const POLLS = 400;

/** Waits until this does not throw any more. Vitest's own would move the tests' clock while it waits. */
export async function until<T>(check: () => T | Promise<T>): Promise<T> {
  for (let polled = 0; ; polled += 1) {
    try {
      return await check();
    } catch (error) {
      if (polled >= POLLS) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

/** Waits until D1 has every entry of the intent's object. */
export async function flushed(intent: string): Promise<readonly LedgerRow[]> {
  const wanted = (await eventsOf(intent)).length;
  return until(async () => {
    const rows = await ledgerOf(intent);
    if (rows.length < wanted) throw new Error(`${rows.length} of ${wanted} entries in D1`);
    return rows;
  });
}

/** Every row of every table of D1 as one text, to look for what must not be in it. */
export async function everythingInD1(): Promise<string> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '_cf%'",
  ).all<{ name: string }>();
  const tables = await Promise.all(
    results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
  );
  return JSON.stringify(tables.map((table) => table.results));
}

/** Stops the clock of the Worker and its objects, for as long as the test lasts. */
export function freeze(): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
}

/** Moves that clock forward. */
export function later(milliseconds: number): void {
  freeze();
  vi.setSystemTime(Date.now() + milliseconds);
}

export const MINUTE_MS = 60_000;

export const admin = ADMIN_KEY;
