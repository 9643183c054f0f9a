import { GateOptionError } from "./gate-error.ts";
import type { ExecutionOption, IntentOption } from "./options.ts";

/** An intent's id, given alone or as an option. */
export function intentIdOf(intent: string | IntentOption): string {
  if (typeof intent === "string") return requireId(intent, "intentId");
  const { intentId, intent_id: snake } = intent;
  return requireId(intentId ?? snake, "intentId");
}

export function intentPath(intent: string | IntentOption): string {
  return `/v1/intents/${encodeURIComponent(intentIdOf(intent))}`;
}

export function executionPath({ executionId, execution_id: snake }: Partial<ExecutionOption>): string {
  return `/v1/executions/${encodeURIComponent(requireId(executionId ?? snake, "executionId"))}`;
}

/** Refuses an empty id and dot segments, with which the URL would address another resource. */
export function requireId(id: unknown, name: string): string {
  if (typeof id === "string" && id !== "" && id !== "." && id !== "..") return id;
  throw new GateOptionError(`${name} is required`);
}

/** `?status=…`; empty for no values. */
export function queryOf(values: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query.toString()}`;
}
