import { beforeAll, describe, expect, test } from "vitest";
import { verdictOf } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  flushed,
  freeze,
  later,
  MINUTE_MS,
  objectOf,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Answer, Principal } from "../../support/client.ts";

/*
 * People decide at the same moment. In whatever order their calls arrive, there is one outcome, the ledger records it,
 * and no person counts twice.
 */

let agent: Principal;
let twenty: readonly Principal[];

/** Two people of one name. */
const NAMESAKES = `people:
  sam-east: { name: Sam Lee, email: sam.east@example.com }
  sam-west: { name: Sam Lee, email: sam.west@example.com }`;

beforeAll(async () => {
  await changeRules({ ...RULES, registry: RULES.registry.replace("people:", NAMESAKES) });
  agent = await register("agent");
  twenty = await Promise.all(Array.from({ length: 20 }, () => register("reviewer")));
});

const held = (destination: string) => propose(agent, proposal(destination), "pending_approval");
const approve = (id: string, who: Principal) => call("POST", `/v1/intents/${id}/approve`, who.key);
const reject = (id: string, who: Principal) =>
  call("POST", `/v1/intents/${id}/reject`, who.key, { reason: "raced" });
const suspend = (who: Principal) => call("POST", `/v1/agents/${who.id}/suspend`, admin);
const execute = (id: string) => call("POST", `/v1/intents/${id}/execute`, agent.key);
const count = (events: readonly string[], event: string) => events.filter((each) => each === event).length;

/** Two keys of one person, under two names. */
async function twoKeys(person: string): Promise<readonly [Principal, Principal]> {
  return [await register("reviewer", { person }), await register("reviewer", { person })];
}

/** Votes cast and votes that still counted at the end, from D1's entries. */
async function votesOf(id: string): Promise<readonly string[]> {
  const standing: string[] = [];
  for (const { event, body } of await flushed(id)) {
    const { person } = JSON.parse(body) as { person: string };
    if (event === "approval_vote_recorded") standing.push(person);
    if (event === "approval_vote_withdrawn") standing.splice(standing.indexOf(person), 1);
  }
  return standing;
}

/** D1 has an unbroken chain, and the bundle verifies with the published keys alone. */
async function expectProven(id: string): Promise<void> {
  expect(await faultsOf(await flushed(id))).toEqual([]);
  const { body } = await call("GET", `/v1/intents/${id}/evidence`, admin);
  const findings = await verifyBundle(JSON.stringify(body), { ...body.keys, jwks: body.keys.jwks.keys });
  expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
  expect(verdictOf(findings)).toBe("proven");
}

function nextTurn(): Promise<unknown> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  return items
    .map((item, at) => ({ item, rank: ((at + 1) * 7919 * (seed + 3)) % 104_729 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

describe("INV-03: twenty reviewers vote at the same time", () => {
  test.each([
    ["crm.held", 1],
    ["crm.pair", 2],
    ["crm.trio", 3],
  ] as const)(
    "INV-03: at %s exactly %i of the votes are recorded, and the intent is approved once",
    async (place, needed) => {
      const id = await held(place);
      const answers = await Promise.all(twenty.map((who) => approve(id, who)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const events = await eventsOf(id);
      expect(events).toEqual([
        "proposed",
        "policy_checked",
        "approval_requested",
        ...Array.from({ length: needed }, () => "approval_vote_recorded"),
        "approved",
      ]);
      expect(new Set(await votesOf(id)).size).toBe(needed);
      await expectProven(id);
    },
  );

  test("INV-03: twenty votes of one person too few approve nothing", async () => {
    const id = await held("crm.trio");
    const [one, other] = twenty;
    if (one === undefined || other === undefined) throw new Error("reviewers");
    const answers = await Promise.all(twenty.map((_, at) => approve(id, at % 2 === 0 ? one : other)));
    for (const { status } of answers) expect(status).toBe(200);
    expect(await votesOf(id)).toHaveLength(2);
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await execute(id)).status).toBe(409);
  });

  test("INV-03: a rejection outweighs approvals cast at the same time, and an order already given is dead", async () => {
    for (let round = 0; round < 3; round += 1) {
      const id = await held("crm.pair");
      const voices = shuffled(twenty, round).map((who, at) =>
        at % 2 === 0 ? approve(id, who) : reject(id, who),
      );
      const answers = await Promise.all(voices);
      for (const { status } of answers) expect([200, 409]).toContain(status);
      const events = await eventsOf(id);
      expect(count(events, "rejected") + count(events, "revoked")).toBe(1);
      expect(["rejected", "revoked"]).toContain(events.at(-1));
      expect((await execute(id)).status).toBe(409);
      await expectProven(id);
    }
  });
});

describe("INV-11: approve, reject, cancel, withdraw and the deadline at the same time", () => {
  const DECISIONS = ["approved", "rejected", "cancelled", "withdrawn", "expired"];

  test.each(Array.from({ length: 16 }, (_, round) => round))(
    "INV-11: exactly one outcome results, which every answer and the ledger agree on: round %i",
    async (round) => {
      freeze();
      const id = await held("crm.held");
      later(30 * MINUTE_MS - 1);
      const [first, second, third] = twenty;
      if (first === undefined || second === undefined || third === undefined) throw new Error("reviewers");
      const calls = shuffled<readonly [string, () => Promise<Answer | void>]>(
        [
          ["approve", () => approve(id, first)],
          ["reject", () => reject(id, second)],
          ["cancel", () => call("POST", `/v1/intents/${id}/cancel-approval`, third.key, { reason: "raced" })],
          ["withdraw", () => call("POST", `/v1/intents/${id}/withdraw`, agent.key)],
          ["tick", async () => objectOf(id).onDeadline()],
        ],
        round,
      );
      const answers = new Map<string, number>();
      // Some at once, some with a head start; the deadline comes first, in between, or last.
      const deadlineAfter = round % 6;
      const answered = async (name: string, answer: Promise<Answer | void>) => {
        answers.set(name, (await answer)?.status ?? 0);
        if (answers.size === deadlineAfter) later(1);
      };
      const running: Promise<void>[] = [];
      if (deadlineAfter === 0) later(1);
      for (const [name, go] of calls) {
        running.push(answered(name, go()));
        for (let turn = 0; turn < round % 4; turn += 1) await nextTurn();
      }
      await Promise.all(running);
      later(1);

      const state = await stateOf(id);
      const events = await eventsOf(id);
      const decisions = events.filter((event) => DECISIONS.includes(event));
      expect(decisions, events.join(" ")).toHaveLength(1);
      const [decision] = decisions;
      // An approval may be revoked once by a later rejection; nothing else changes any more.
      expect(events.slice(events.indexOf(decision ?? "") + 1)).toEqual(
        state === "revoked" ? ["revoked"] : [],
      );
      expect(state).toBe(decision === "approved" && events.includes("revoked") ? "revoked" : decision);

      const ok = (name: string) => answers.get(name) === 200;
      expect(ok("approve")).toBe(decision === "approved");
      expect(ok("withdraw")).toBe(decision === "withdrawn");
      const noes = Number(ok("reject")) + Number(ok("cancel"));
      expect(noes).toBe(count(events, "rejected") + count(events, "cancelled") + count(events, "revoked"));
      for (const status of answers.values()) expect([0, 200, 409, 410]).toContain(status);
      expect((await execute(id)).status).toBe(state === "approved" ? 201 : state === "expired" ? 410 : 409);
      await expectProven(id);
    },
  );
});

describe("INV-03: a quorum counts persons, never keys or names", () => {
  test("INV-03: one person voting through two keys at once has one vote", async () => {
    const [one, other] = await twoKeys("ana");
    for (let round = 0; round < 5; round += 1) {
      const id = await held("crm.pair");
      const answers = await Promise.all([one, other, one, other].map((who) => approve(id, who)));
      for (const { status } of answers) expect(status).toBe(200);
      expect(await votesOf(id)).toEqual(["ana"]);
      expect(await stateOf(id)).toBe("pending_approval");
      expect((await execute(id)).status).toBe(409);
    }
  });

  test("INV-03: one person registered as id, in capitals and as e-mail has one vote", async () => {
    const written = ["ana", "ANA", "ana@example.com", "Ana@Example.com"];
    const keys = await Promise.all(written.map((person) => register("reviewer", { person })));
    const id = await held("crm.pair");
    await Promise.all(keys.map((who) => approve(id, who)));
    expect(await votesOf(id)).toEqual(["ana"]);
    expect(await stateOf(id)).toBe("pending_approval");
  });

  test("INV-03: two persons with one display name have two votes", async () => {
    const east = await register("reviewer", { person: "sam-east" });
    const west = await register("reviewer", { person: "sam-west" });
    const id = await held("crm.pair");
    await Promise.all([approve(id, east), approve(id, west)]);
    expect((await votesOf(id)).toSorted()).toEqual(["sam-east", "sam-west"]);
    expect(await stateOf(id)).toBe("approved");
    await expectProven(id);
  });

  test("INV-03: a key named like a person is not that person and votes for itself", async () => {
    const ana = await register("reviewer", { person: "ana" });
    const named = await register("reviewer", { name: "Ana Diaz" });
    const id = await held("crm.pair");
    await Promise.all([approve(id, ana), approve(id, named)]);
    expect((await votesOf(id)).toSorted()).toEqual(["ana", named.id].toSorted());
    const byAna = await held("crm.by-ana");
    expect((await approve(byAna, named)).status).toBe(403);
  });

  test("INV-03: one person's approval and rejection through two keys at once never both count", async () => {
    const [one, other] = await twoKeys("ben");
    for (let round = 0; round < 6; round += 1) {
      const id = await held("crm.noes");
      const yes = () => approve(id, one);
      const no = () => reject(id, other);
      const answers = await Promise.all(round % 2 === 0 ? [yes(), no()] : [no(), yes()]);
      expect(answers.map(({ status }) => status)).toContain(200);
      expect(await votesOf(id)).toEqual([]);
      expect(count(await eventsOf(id), "rejection_vote_recorded")).toBe(1);
      expect(await stateOf(id)).toBe("pending_approval");
      expect((await approve(id, one)).body.code).toBe("already_rejected");
    }
  });

  test("INV-03: with two rejections required, two by one person don't decide and those of two persons decide once", async () => {
    const [one, other] = await twoKeys("ana");
    const id = await held("crm.noes");
    await Promise.all([one, other, one].map((who) => reject(id, who)));
    expect(await stateOf(id)).toBe("pending_approval");
    expect(count(await eventsOf(id), "rejection_vote_recorded")).toBe(1);
    const answers = await Promise.all(twenty.map((who) => reject(id, who)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await eventsOf(id)).slice(-2)).toEqual(["rejection_vote_recorded", "rejected"]);
    await expectProven(id);
  });
});

describe("INV-05: the vote of a suspended reviewer completes no quorum", () => {
  const two = async () =>
    [await register("reviewer"), await register("reviewer"), await register("reviewer")] as const;

  test.each([
    ["suspended", (who: Principal) => suspend(who)],
    ["revoked", (who: Principal) => call("POST", `/v1/agents/${who.id}/revoke`, admin)],
    [
      "no reviewer any more",
      (who: Principal) => call("POST", `/v1/agents/${who.id}/role`, admin, { role: "auditor" }),
    ],
  ] as const)("INV-05: a reviewer %s after voting", async (_what, stop) => {
    const [one, other, third] = await two();
    const id = await held("crm.pair");
    await approve(id, one);
    expect((await stop(one)).status).toBe(200);
    expect((await approve(id, other)).status).toBe(200);
    expect(await stateOf(id)).toBe("pending_approval");
    expect(await votesOf(id)).toEqual([other.id]);
    expect(await eventsOf(id)).toContain("approval_vote_withdrawn");
    expect((await execute(id)).status).toBe(409);
    expect((await approve(id, third)).status).toBe(200);
    expect(await stateOf(id)).toBe("approved");
    await expectProven(id);
  });

  test("INV-05: once the suspension is acknowledged the vote counts in no parallel approval", async () => {
    for (let round = 0; round < 3; round += 1) {
      const [one, other] = await two();
      const id = await held("crm.pair");
      await approve(id, one);
      await suspend(one);
      await Promise.all(Array.from({ length: 6 }, () => approve(id, other)));
      expect(await stateOf(id)).toBe("pending_approval");
      const events = await eventsOf(id);
      expect(count(events, "approval_vote_withdrawn")).toBe(1);
      expect(await votesOf(id)).toEqual([other.id]);
    }
  });

  test("INV-05: a vote by a reviewer suspended in parallel either came first or does not count", async () => {
    for (let round = 0; round < 4; round += 1) {
      const [one, other] = await two();
      const id = await held("crm.pair");
      await approve(id, one);
      await Promise.all(
        round % 2 === 0 ? [suspend(one), approve(id, other)] : [approve(id, other), suspend(one)],
      );
      const isApproved = (await stateOf(id)) === "approved";
      expect(await votesOf(id)).toEqual(isApproved ? [one.id, other.id] : [other.id]);
      await expectProven(id);
    }
  });

  test("INV-05: another key of the same person votes anew, which does not restore the suspended key's vote", async () => {
    const [one, other] = await twoKeys("ana");
    const ben = await register("reviewer", { person: "ben" });
    const id = await held("crm.pair");
    await approve(id, one);
    await suspend(one);
    await approve(id, other);
    expect(await votesOf(id)).toEqual(["ana"]);
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await approve(id, one)).status).toBe(403);
    await approve(id, ben);
    expect(await stateOf(id)).toBe("approved");
    await expectProven(id);
  });
});

describe("INV-08: a delegation moves a vote and never makes a second one", () => {
  const forAna = (id: string, who: Principal) =>
    call("POST", `/v1/intents/${id}/approve`, who.key, { on_behalf_of_principal: "ana" });

  /** Undoes the delegation before, so that the one a test makes is the only one there is. */
  let undo = async (): Promise<unknown> => undefined;

  async function delegated() {
    await undo();
    const ana = await register("reviewer", { person: "ana" });
    const ben = await register("reviewer", { person: "ben" });
    const body = { delegate_agent_id: ben.id, destination: "crm.*" };
    const made = await call("POST", "/v1/delegations", ana.key, body);
    if (made.status !== 201) throw new Error(made.text);
    const revoke = () => call("POST", `/v1/delegations/${made.body.id}/revoke`, ana.key);
    const { key } = await register("reviewer", { person: "ana" });
    undo = () => call("POST", `/v1/delegations/${made.body.id}/revoke`, key);
    return { ana, ben, revoke };
  }

  test("INV-08: delegator and delegate voting for both at once never have more than two votes", async () => {
    const { ana, ben } = await delegated();
    for (let round = 0; round < 5; round += 1) {
      const id = await held("crm.trio");
      const all = [
        () => approve(id, ana),
        () => approve(id, ben),
        () => forAna(id, ben),
        () => forAna(id, ben),
      ];
      const answers = await Promise.all(shuffled(all, round).map((go) => go()));
      // A personal vote takes the place of the delegated one; the delegated one beside a personal one is refused.
      for (const { status, body } of answers) {
        expect([200, 409]).toContain(status);
        if (status === 409) expect(body.code).toBe("vote_not_counted");
      }
      expect((await votesOf(id)).toSorted()).toEqual(["ana", "ben"]);
      expect(await stateOf(id)).toBe("pending_approval");
    }
  });

  test("INV-08: a delegate voting for the delegator and for themselves does not complete a quorum of two", async () => {
    const { ben } = await delegated();
    const id = await held("crm.pair");
    await Promise.all([forAna(id, ben), approve(id, ben)]);
    expect(await votesOf(id)).toHaveLength(1);
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await execute(id)).status).toBe(409);
  });

  test.each([
    ["the delegation is revoked", async ({ revoke }: Awaited<ReturnType<typeof delegated>>) => revoke()],
    ["the delegator is suspended", async ({ ana }: Awaited<ReturnType<typeof delegated>>) => suspend(ana)],
    ["the delegate is suspended", async ({ ben }: Awaited<ReturnType<typeof delegated>>) => suspend(ben)],
  ] as const)("INV-05: a delegated vote is withdrawn once %s", async (_what, stop) => {
    const people = await delegated();
    const [other, third] = [await register("reviewer"), await register("reviewer")];
    const id = await held("crm.pair");
    expect((await forAna(id, people.ben)).status).toBe(200);
    expect(await votesOf(id)).toEqual(["ana"]);
    expect((await stop(people)).status).toBe(200);
    await approve(id, other);
    expect(await votesOf(id)).toEqual([other.id]);
    expect(await stateOf(id)).toBe("pending_approval");
    await approve(id, third);
    expect(await stateOf(id)).toBe("approved");
    await expectProven(id);
  });

  test("INV-03: the ledger names the person and the delegate, and the verifier counts the vote once", async () => {
    const { ben } = await delegated();
    const id = await held("crm.pair");
    await forAna(id, ben);
    await approve(id, await register("reviewer"));
    expect(await stateOf(id)).toBe("approved");
    const [vote] = (await flushed(id)).filter(({ event }) => event === "approval_vote_recorded");
    expect(vote?.actor).toBe(ben.id);
    expect(JSON.parse(vote?.body ?? "{}")).toMatchObject({ person: "ana", acting: "ben", principal: ben.id });
    await expectProven(id);
  });
});
