import { describe, expect, test } from "vitest";
import { eligibility } from "../../../../src/core/intent/approval.ts";
import { excludedHandles, voterOf } from "../../../../src/core/identity/people.ts";
import type { Principal } from "../../../../src/core/identity/principal.ts";
import type { Registry } from "../../../../src/core/registry/registry.ts";
import { approvalBy, proposed } from "../../../support/intent-fixtures.ts";

const REGISTRY: Registry = {
  hash: "",
  unboundDestinations: "block",
  unknownHosts: "block",
  people: new Map([
    ["ana", { id: "ana", name: "Ana Diaz", email: "ana@example.com", slack: null }],
    ["ben", { id: "ben", name: "Ben Okoro", email: "ben@example.com", slack: null }],
    ["cleo", { id: "cleo", name: "Cleo Lind", email: null, slack: null }],
  ]),
  groups: new Map([
    ["finance", new Set(["ana", "ben"])],
    ["legal", new Set(["cleo"])],
  ]),
  destinations: new Map(),
  credentials: new Map(),
  vaults: {},
  channels: new Map(),
  signIn: { access: null, oidc: [] },
};

function principal(change: Partial<Principal>): Principal {
  return {
    id: "rev_1",
    role: "reviewer",
    name: "first",
    person: null,
    owner: null,
    allowedDestinations: null,
    allowedPolicies: null,
    environment: null,
    framework: null,
    riskTier: "standard",
    reportKey: null,
    metadata: {},
    status: "active",
    createdAt: 0,
    ...change,
  };
}

const agent = (change: Partial<Principal>) =>
  principal({ id: "agt_1", role: "agent", name: "bot", ...change });
const approval = approvalBy({ policy: "crm", require: 1, groups: [], people: [] });

/** What Gate would tell this reviewer about an intent of this agent. */
function verdict(proposer: Principal, reviewer: Principal, requirements = approval): string {
  const excluded = excludedHandles(proposer, requirements, REGISTRY);
  const state = proposed("hold", { approval: requirements, excluded });
  return eligibility(state, voterOf(reviewer, "key", REGISTRY))?.reason ?? "eligible";
}

describe("an owner can't decide, however owner and reviewer are written", () => {
  const OWNERS = ["ana", "Ana", "ANA", " ana ", "ana@example.com", "Ana@Example.COM", "Ana Diaz", "ana diaz"];
  const PERSONS = ["ana", "Ana", "ana@example.com", "ANA@EXAMPLE.COM"];

  test.each(OWNERS.flatMap((owner) => PERSONS.map((person) => [owner, person] as const)))(
    "owner %j, reviewer's person %j",
    (owner, person) => {
      expect(verdict(agent({ owner }), principal({ person }))).toBe("own_intent");
      expect(verdict(agent({ owner }), principal({ id: "rev_2", name: "second key", person }))).toBe(
        "own_intent",
      );
    },
  );

  test.each(["finance", "Finance", "FINANCE", " finance"])(
    "a group as owner: %j excludes each of its people",
    (owner) => {
      expect(verdict(agent({ owner }), principal({ person: "ana" }))).toBe("own_intent");
      expect(verdict(agent({ owner }), principal({ person: "ben@example.com" }))).toBe("own_intent");
      expect(verdict(agent({ owner }), principal({ person: "cleo" }))).toBe("eligible");
    },
  );

  test("a reviewer nobody made a person of is known by their key's id and name", () => {
    expect(verdict(agent({ owner: "rev_1" }), principal({}))).toBe("own_intent");
    expect(verdict(agent({ owner: "Dana" }), principal({ name: "dana" }))).toBe("own_intent");
    expect(verdict(agent({ owner: "rev_10" }), principal({}))).toBe("eligible");
  });
});

describe("exclusions that a policy switches off", () => {
  test.each([
    [true, true, "own_intent", ["agt_1", "ana", "ana@example.com"]],
    [true, false, "eligible", ["agt_1"]],
    [false, true, "own_intent", ["ana", "ana@example.com"]],
    [false, false, "eligible", []],
  ] as const)("proposer %s, owner %s", (excludeProposer, excludeOwner, reason, handles) => {
    const requirements = { ...approval, excludeProposer, excludeOwner };
    expect(excludedHandles(agent({ owner: "ana" }), requirements, REGISTRY)).toEqual(handles);
    expect(verdict(agent({ owner: "ana" }), principal({ person: "ana" }), requirements)).toBe(reason);
  });

  test("a proposer that belongs to a person excludes all their keys", () => {
    expect(verdict(agent({ person: "ana" }), principal({ id: "rev_7", person: "Ana@example.com" }))).toBe(
      "own_intent",
    );
  });
});

describe("one person is one voter", () => {
  test.each(["ana", "Ana", "ana@example.com", "Ana@Example.com", " ana"])("written as %j", (person) => {
    const voter = voterOf(principal({ person }), "sso", REGISTRY);
    expect(voter).toMatchObject({ person: "ana", groups: ["finance"], assurance: "sso", principal: "rev_1" });
    expect(voter.handles.toSorted()).toEqual(["ana", "ana@example.com", "first", "rev_1"]);
  });

  test("a display name is no identity: nobody becomes the person whose name they write", () => {
    const voter = voterOf(principal({ person: "Ana Diaz" }), "key", REGISTRY);
    expect(voter.person).not.toBe("ana");
    expect(voter.groups).toEqual([]);
  });

  test("a key named like an approver is not admitted as that approver", () => {
    const requirements = approvalBy({ policy: "crm", require: 1, groups: [], people: ["ana"] });
    expect(verdict(agent({}), principal({ name: "ana", person: "ben" }), requirements)).toBe("not_eligible");
    expect(verdict(agent({}), principal({ name: "ben", person: "ana" }), requirements)).toBe("eligible");
  });

  test("without a person the key stands for itself, in no group", () => {
    expect(voterOf(principal({}), "key", REGISTRY)).toMatchObject({ person: "rev_1", groups: [] });
  });

  test("a person the registry does not know is one person in any case, too", () => {
    const [one, other] = ["Dana", " dana"].map((person) => voterOf(principal({ person }), "key", REGISTRY));
    expect(one?.person).toBe(other?.person);
  });

  test("keys without a person are never folded into one another", () => {
    const [one, other] = ["rev_aB", "rev_Ab"].map((id) =>
      voterOf(principal({ id, person: id }), "key", REGISTRY),
    );
    expect(one?.person).not.toBe(other?.person);
  });

  test.each(["constructor", "__proto__", "tostring", ""])("a person called %j is nobody known", (person) => {
    expect(voterOf(principal({ person }), "key", REGISTRY)).toMatchObject({ person, groups: [] });
  });
});
