import { setTimeout } from "node:timers/promises";
import type { JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { callApi, objectsOf } from "../api.ts";
import { CONFIRM_FLAGS, isConfirmed } from "../confirm.ts";
import { table } from "../format.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import type { Connection } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { deliveryLine } from "./deliveries.ts";
import { adminConnection, COMMON, webhookPath } from "./flags.ts";
import { ownCommand } from "../own-command.ts";

/** `webhooks list`. */
export async function runList(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values } = parseFlags(args, COMMON);
  const connection = adminConnection(values);
  const listed = objectsOf(await callApi(connection, "/v1/webhooks"), "webhooks", connection);
  if (values.json) io.out(visibleJson(listed));
  else if (listed.length === 0) {
    io.out(`No webhook is registered. Register one: ${ownCommand()} webhooks add https://example.com/gate`);
  } else io.out(table(["ID", "STATE", "EVENTS", "URL", "DESCRIPTION"], listed.map(rowOf)).join("\n"));
  return 0;
}

function rowOf(webhook: JsonObject): readonly string[] {
  const text = (name: string, chars: number) => clipped(textMember(webhook, name) ?? "", chars);
  const events = member(webhook, "events");
  const intent = text("intent_id", 60);
  return [
    text("id", 60),
    member(webhook, "enabled") === true ? "active" : `off: ${text("disabled_reason", 40)}`,
    intent === "" && Array.isArray(events) ? clipped(events.map(String).join(","), 60) : `one: ${intent}`,
    text("url", 120),
    text("description", 60),
  ];
}

const ADD = { ...COMMON, events: { type: "string" }, description: { type: "string" } } as const;

/** `webhooks add`: prints the secret, because no other response will. */
export async function runAdd(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, ADD, { max: 1 });
  const [url] = positionals;
  if (url === undefined) throw new UsageError("name the address: webhooks add https://example.com/gate");
  const { events, description } = values;
  const body: Record<string, string | string[]> = { url };
  if (events !== undefined) body["events"] = events.split(",").map((event) => event.trim());
  if (description !== undefined) body["description"] = description;
  const answer = await callApi(adminConnection(values), "/v1/webhooks", { body });
  if (values.json) io.out(visibleJson(answer));
  else io.out(`Registered ${clipped(textMember(answer, "id") ?? "", 60)}.\n${secretLine(answer)}`);
  return 0;
}

function secretLine(answer: JsonObject): string {
  return `Its secret, which is shown once:\n  ${clipped(textMember(answer, "secret") ?? "", 200)}`;
}

/** `webhooks rotate`. */
export async function runRotate(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, { ...COMMON, ...CONFIRM_FLAGS }, { max: 1 });
  const connection = adminConnection(values);
  const [id] = positionals;
  const path = webhookPath(id);
  const { url } = await callApi(connection, path);
  const question = `Give the webhook to ${clipped(String(url), 120)} another secret? The old one ends in 24 hours.`;
  if (!(await isConfirmed(question, values, io))) return EXIT_FAILED;
  const answer = await callApi(connection, `${path}/rotate-secret`, { method: "POST" });
  io.out(values.json ? visibleJson(answer) : secretLine(answer));
  return 0;
}

/** `webhooks remove`. */
export async function runRemove(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, { ...COMMON, ...CONFIRM_FLAGS }, { max: 1 });
  const connection = adminConnection(values);
  const [id] = positionals;
  const path = webhookPath(id);
  const url = clipped(String((await callApi(connection, path))["url"]), 120);
  const question = `Remove the webhook to ${url}? Nothing more is sent to it, and its secret is lost.`;
  if (!(await isConfirmed(question, values, io))) return EXIT_FAILED;
  const answer = await callApi(connection, path, { method: "DELETE" });
  io.out(values.json ? visibleJson(answer) : `Removed the webhook to ${url}.`);
  return 0;
}

/** How long a test waits for its outcome: the server gives an address 15 seconds, and may be busy. */
const TEST_WAIT_MS = 20_000;
const TEST_POLL_MS = 500;

/** `webhooks test`. */
export async function runTest(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, COMMON, { max: 1 });
  const connection = adminConnection(values);
  const [id] = positionals;
  const path = webhookPath(id);
  const { delivery_id: delivery } = await callApi(connection, `${path}/test`, { method: "POST" });
  const found = await attempted(connection, path, String(delivery));
  if (found === null) {
    io.err(`The test was not sent within 20 s. See later: ${ownCommand()} webhooks deliveries ${id}`);
    return EXIT_FAILED;
  }
  io.out(values.json ? visibleJson(found) : deliveryLine(found));
  return textMember(found, "state") === "delivered" ? 0 : EXIT_FAILED;
}

/** The delivery after its first attempt; null: there was none in time. */
async function attempted(connection: Connection, path: string, delivery: string): Promise<JsonObject | null> {
  for (let waited = 0; waited < TEST_WAIT_MS; waited += TEST_POLL_MS) {
    const answer = await callApi(connection, `${path}/deliveries?limit=50`);
    const found = objectsOf(answer, "deliveries", connection).find(({ id }) => id === delivery);
    const isOver = found !== undefined && (textMember(found, "state") !== "pending" || hasFailed(found));
    if (isOver) return found;
    await setTimeout(TEST_POLL_MS);
  }
  return null;
}

function hasFailed(delivery: JsonObject): boolean {
  return textMember(delivery, "problem") !== null || typeof member(delivery, "status") === "number";
}
