import { CONNECTION_FLAGS, connectionOf, type Connection, type ConnectionFlags } from "../server-and-key.ts";
import { UsageError } from "../usage.ts";
import { ownCommand } from "../own-command.ts";

export const WHO = "an admin's key";

export const COMMON = { ...CONNECTION_FLAGS, json: { type: "boolean", default: false } } as const;

export function adminConnection(flags: ConnectionFlags): Connection {
  return connectionOf(flags, WHO);
}

/** The route of the webhook that the command names. @throws {UsageError} */
export function webhookPath(id: string | undefined): string {
  if (id === undefined) throw new UsageError(`name the webhook by its id: ${ownCommand()} webhooks list`);
  return `/v1/webhooks/${encodeURIComponent(id)}`;
}
