import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import {
  cancelApproval,
  COMMAND_ROLES,
  eraseIntent,
  resolveOutcome,
  revokeIntent,
  withdrawIntent,
} from "../../../src/app/approvals/intent-commands.ts";
import { grantStandingApproval, revokeMandate } from "../../../src/app/approvals/grant-mandates.ts";
import { voteAsCaller } from "../../../src/app/approvals/vote-as-caller.ts";
import { authenticate, type Authenticated } from "../../../src/app/identity/authenticate.ts";
import { ROLES, type Role } from "../../../src/core/identity/principal.ts";
import { portsOf } from "../../../src/env.ts";
import type { Intent } from "../../../src/ports/intents.ts";
import { proposal, call, propose, register, stateOf } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * A door checks a caller's role before it reads a request. The use cases behind it check it again: another door may
 * have no such middleware.
 */

let agent: Principal;
let callers: Record<Role, Authenticated>;

const ports = () => portsOf(env);

async function signIn(key: string): Promise<Authenticated> {
  const caller = await authenticate({ kind: "key", key }, ports(), "fresh", Date.now());
  if (!caller.ok || caller.value === null) throw new Error("the key authenticates no caller");
  return caller.value;
}

beforeAll(async () => {
  agent = await register("agent");
  const signedIn = ROLES.map(async (role) => {
    return [role, await signIn(role === "agent" ? agent.key : (await register(role)).key)] as const;
  });
  callers = Object.fromEntries(await Promise.all(signedIn)) as Record<Role, Authenticated>;
});

async function pending(): Promise<Intent> {
  const id = await propose(agent, { ...proposal("crm.small"), recordCount: 101 }, "pending_approval");
  const intent = ports().intents.find(id);
  if (intent === null) throw new Error("the proposal made no intent");
  return intent;
}

const COMMANDS = {
  cancel: (caller: Authenticated, intent: Intent) => cancelApproval(caller, intent, null, ports()),
  withdraw: ({ principal }: Authenticated, intent: Intent) => withdrawIntent(principal, intent, null),
  revoke: ({ principal }: Authenticated, intent: Intent) => revokeIntent(principal, intent, null),
  resolve: (caller: Authenticated, intent: Intent) =>
    resolveOutcome(caller, intent, { outcome: "executed", note: "seen" }, ports()),
  erase: ({ principal }: Authenticated, intent: Intent) => eraseIntent(principal, intent, "on request"),
} as const satisfies Record<keyof typeof COMMAND_ROLES, unknown>;

const refusedRoles = (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]).flatMap((command) => {
  const allowed: readonly Role[] = COMMAND_ROLES[command];
  return ROLES.filter((role) => !allowed.includes(role)).map((role) => [command, role] as const);
});

test.each(refusedRoles)("the %s use case refuses a caller with the role %s", async (command, role) => {
  const intent = await pending();
  const commanded = await COMMANDS[command](callers[role], intent);
  expect(commanded).toEqual({
    ok: false,
    error: { kind: "role_not_allowed", role, allowed: COMMAND_ROLES[command] },
  });
  expect(await stateOf(intent.id)).toBe("pending_approval");
});

test.each(["resolve", "erase"] as const)("the %s use case requires a reason", async (command) => {
  const intent = await pending();
  const commanded =
    command === "resolve"
      ? await resolveOutcome(callers.admin, intent, { outcome: "executed", note: " " }, ports())
      : await eraseIntent(callers.admin.principal, intent, "\n");
  expect(commanded).toEqual({ ok: false, error: { kind: "reason_required" } });
});

test.each(["agent", "runner", "auditor", "admin"] as const)(
  "INV-03: voting and granting mandates refuse a caller with the role %s",
  async (role) => {
    const intent = await pending();
    const vote = { decision: "approve", digest: null, note: null, onBehalfOf: null } as const;
    const refused = { ok: false, error: { kind: "not_reviewer" } };
    const now = Date.now();
    expect(await voteAsCaller(callers[role], intent, vote, ports(), now)).toEqual(refused);
    const request = {
      destination: "crm.small",
      policy: null,
      agent: null,
      principalId: null,
      maxCents: null,
      maxRecords: null,
      dailyCents: null,
      uses: null,
      expiresAt: now + 60_000,
    };
    expect(await grantStandingApproval(callers[role], request, ports(), now)).toEqual(refused);
    const granted = await grantStandingApproval(callers.reviewer, request, ports(), now);
    if (!granted.ok) throw new Error("a reviewer could not grant a standing approval");
    const { id } = granted.value;
    expect(await revokeMandate(callers[role], id, () => true, null, ports(), now)).toEqual(refused);
    expect(await revokeMandate(callers.reviewer, id, () => true, null, ports(), now)).toMatchObject({
      ok: true,
    });
    expect(await stateOf(intent.id)).toBe("pending_approval");
  },
);

test("INV-05: authentication outside HTTP tells an unknown key from a suspended principal", async () => {
  const asKey = (key: string) => authenticate({ kind: "key", key }, ports(), "fresh", Date.now());
  const { id, key } = await register("reviewer");
  expect(await asKey(key)).toMatchObject({ ok: true, value: { principal: { id }, via: "key" } });
  expect(await asKey(`${key}x`)).toEqual({ ok: false, error: { kind: "unknown_key" } });
  await call("POST", `/v1/agents/${id}/suspend`, env.GATE_ADMIN_KEY);
  expect(await asKey(key)).toEqual({ ok: false, error: { kind: "inactive", status: "suspended" } });
});
