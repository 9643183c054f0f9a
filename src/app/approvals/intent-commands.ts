import { voterOf } from "../../core/identity/people.ts";
import type { Principal, Role } from "../../core/identity/principal.ts";
import type { IntentCommand } from "../../core/intent/command.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Authenticated } from "../identity/authenticate.ts";

/** Which roles may give each command; doors refuse the others before they read a body. */
export const COMMAND_ROLES = {
  cancel: ["reviewer"],
  withdraw: ["agent"],
  revoke: ["reviewer", "admin"],
  resolve: ["reviewer", "admin"],
  erase: ["admin"],
} as const satisfies Record<string, readonly Role[]>;

export type CommandFailure =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "role_not_allowed"; readonly role: Role; readonly allowed: readonly Role[] }
  /** The command changes what auditors rely on, so that it needs a reason on record. */
  | { readonly kind: "reason_required" };

type Outcome = Promise<Result<IntentState, CommandFailure>>;

/** An eligible reviewer ends the approval: cancelled while it is pending, revoked once it is given. */
export async function cancelApproval(
  { principal, assurance }: Authenticated,
  intent: Intent,
  note: string | null,
  { rules }: Pick<Ports, "rules">,
): Outcome {
  const { registry } = await rules.current();
  return handleCommand("cancel", principal, intent, {
    type: "cancel",
    voter: voterOf(principal, assurance, registry),
    note,
  });
}

/** The proposing agent takes its own intent back before it is decided; the object compares the ids. */
export function withdrawIntent(agent: Principal, intent: Intent, note: string | null): Outcome {
  return handleCommand("withdraw", agent, intent, { type: "withdraw", agent: agent.id, note });
}

/** Any reviewer or admin stops an intent that no worker has claimed: revoking only makes things stricter. */
export function revokeIntent(principal: Principal, intent: Intent, note: string | null): Outcome {
  return handleCommand("revoke", principal, intent, { type: "revoke", by: principal.id, note });
}

/** A person records the outcome of a write that no worker reported: an eligible reviewer, or any admin. */
export async function resolveOutcome(
  { principal, assurance }: Authenticated,
  intent: Intent,
  { outcome, note }: { readonly outcome: "executed" | "not_executed"; readonly note: string },
  { rules }: Pick<Ports, "rules">,
): Outcome {
  if (isBlank(note)) return err({ kind: "reason_required" });
  const { registry } = await rules.current();
  const voter = principal.role === "admin" ? null : voterOf(principal, assurance, registry);
  return handleCommand("resolve", principal, intent, {
    type: "resolve",
    by: principal.id,
    voter,
    outcome,
    note,
  });
}

/** An admin erases the payload and every text of an intent that has ended. */
export async function eraseIntent(admin: Principal, intent: Intent, reason: string): Outcome {
  if (isBlank(reason)) return err({ kind: "reason_required" });
  return handleCommand("erase", admin, intent, { type: "erase", by: admin.id, note: reason });
}

async function handleCommand(
  name: keyof typeof COMMAND_ROLES,
  { role }: Principal,
  intent: Intent,
  command: IntentCommand,
): Outcome {
  const allowed: readonly Role[] = COMMAND_ROLES[name];
  if (!allowed.includes(role)) return err({ kind: "role_not_allowed", role, allowed });
  const acted = await intent.handle(command);
  return acted.ok ? ok(acted.value.state) : err({ kind: "refused", refusal: acted.error });
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
