import { beforeAll, beforeEach, expect, test } from "vitest";
import {
  admin,
  call,
  eventsOf,
  ledgerOf,
  flushed,
  propose,
  proposal,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import {
  answering,
  holdQueue,
  proposeWrite,
  standIn,
  useSendingRules,
} from "../../support/worker/sending.ts";
import type { Principal } from "../../support/client.ts";

/* A vote keeps counting only while its person may vote: counted again at the order, and before Gate sends. */

let agent: Principal;
let ana: Principal;
let ben: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
});

beforeEach(async () => {
  await useSendingRules();
});

const approve = (intent: string, who: Principal) => call("POST", `/v1/intents/${intent}/approve`, who.key);
const execute = (intent: string) => call("POST", `/v1/intents/${intent}/execute`, agent.key);

const withoutAna = () =>
  changeRules({ ...RULES, registry: RULES.registry.replace("ops: [ana, ben]", "ops: [ben]") });

test("an order is refused once a voter left the group, and the case waits again until another decides", async () => {
  const intent = await propose(agent, proposal("crm.by-ops"), "pending_approval");
  expect((await approve(intent, ana)).body.status).toBe("approved");
  await withoutAna();
  const refused = await execute(intent);
  expect([refused.status, refused.body.code]).toEqual([409, "approval_lapsed"]);
  expect(await stateOf(intent)).toBe("pending_approval");
  expect((await eventsOf(intent)).slice(-2)).toEqual(["approval_lapsed", "approval_vote_withdrawn"]);
  expect((await execute(intent)).body.code).toBe("wrong_state");
  expect((await approve(intent, ben)).body).toMatchObject({ status: "approved", votedBy: ["ben"] });
  expect((await execute(intent)).status).toBe(201);
});

test("an order is refused once the voter's credential is suspended", async () => {
  const voter = await register("reviewer");
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  await approve(intent, voter);
  await call("POST", `/v1/agents/${voter.id}/suspend`, admin);
  expect((await execute(intent)).body.code).toBe("approval_lapsed");
});

test("an order stands where enough votes are left, or policy approved", async () => {
  const intent = await propose(agent, proposal("crm.by-ops"), "pending_approval");
  await approve(intent, ben);
  await withoutAna();
  expect((await execute(intent)).status).toBe(201);
  const small = await propose(agent, proposal("crm.small"), "approved");
  expect((await execute(small)).status).toBe(201);
});

test("INV-11: Gate sends nothing once a voter may vote no longer", async () => {
  holdQueue();
  const voter = await register("reviewer");
  const intent = await proposeWrite(agent, "crm.later");
  await approve(intent.id, voter);
  await call("POST", `/v1/agents/${voter.id}/suspend`, admin);
  const { calls, send } = standIn(answering(201));
  expect(await send(intent)).toEqual({ kind: "refused", refusal: { reason: "approval_lapsed" } });
  expect(calls).toEqual([]);
  expect(await stateOf(intent.id)).toBe("pending_approval");
  await flushed(intent.id);
  expect((await ledgerOf(intent.id)).at(-1)?.event).toBe("approval_vote_withdrawn");
});
