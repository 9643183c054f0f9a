import type { JsonObject } from "../../src/core/base/json.ts";
import { numberMember, textMember } from "../../verifier/read-json.ts";
import { callApi, objectsOf } from "../api.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { clipped, visibleJson } from "../sanitize-text.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { adminConnection, COMMON, webhookPath } from "./flags.ts";
import { ownCommand } from "../own-command.ts";

const DEFAULT_LIMIT = "20";

/** `webhooks deliveries`. */
export async function runDeliveries(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(
    args,
    { ...COMMON, limit: { type: "string", default: DEFAULT_LIMIT } },
    { max: 1 },
  );
  if (!/^\d{1,3}$/.test(values.limit)) throw new UsageError("--limit takes a number from 1 to 200");
  const connection = adminConnection(values);
  const [id] = positionals;
  const answer = await callApi(connection, `${webhookPath(id)}/deliveries?limit=${values.limit}`);
  const found = objectsOf(answer, "deliveries", connection);
  if (values.json) io.out(visibleJson(found));
  else io.out(found.length === 0 ? "Nothing was sent to it yet." : found.map(deliveryLine).join("\n"));
  return 0;
}

/** `webhooks replay`. */
export async function runReplay(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { values, positionals } = parseFlags(args, COMMON, { max: 2 });
  const [id, delivery] = positionals;
  const path = webhookPath(id);
  if (delivery === undefined) {
    throw new UsageError(`name the delivery: ${ownCommand()} webhooks deliveries ${id}`);
  }
  const url = `${path}/deliveries/${encodeURIComponent(delivery)}/replay`;
  const answer = await callApi(adminConnection(values), url, { method: "POST" });
  io.out(values.json ? visibleJson(answer) : `${deliveryLine(answer)}: sent again with all attempts`);
  return 0;
}

/** `dlv_…  delivered  intent.approved  2026-…  1 attempt, HTTP 204`. */
export function deliveryLine(delivery: JsonObject): string {
  const text = (name: string) => clipped(textMember(delivery, name) ?? "", 100);
  const attempts = numberMember(delivery, "attempts") ?? 0;
  const status = numberMember(delivery, "status");
  const outcome = status === null ? text("problem") : `HTTP ${status}`;
  const tried = `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
  const parts = [text("id"), text("state").padEnd(9), text("event"), text("created_at")];
  return `${parts.join("  ")}  ${outcome === "" ? tried : `${tried}, ${outcome}`}`;
}
