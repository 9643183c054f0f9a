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
    keyEpoch: 0,
    createdAt: 0,
    ...change,
  };
}

const agent = (change: Partial<Principal>) =>
  principal({ id: "agt_1", role: "agent", name: "bot", ...change });
const approval = approvalBy({ policy: "crm", require: 1, groups: [], people: [] });

/** This reviewer's eligibility for an intent of this agent. */
function verdict(proposer: Principal, reviewer: Principal, requirements = approval): string {
  const excluded = excludedHandles(proposer, requirements, REGISTRY);
  const state = proposed("hold", { approval: requirements, excluded });
  return eligibility(state, voterOf(reviewer, "key", REGISTRY))?.reason ?? "eligible";
}

describe("INV-03: an owner is excluded from deciding, however owner and reviewer are written", () => {
  const OWNERS = ["ana", "Ana", "ANA", " ana ", "ana@example.com", "Ana@Example.COM", "Ana Diaz", "ana diaz"];
  const PERSONS = ["ana", "Ana", "ana@example.com", "ANA@EXAMPLE.COM"];

  test.each(OWNERS.flatMap((owner) => PERSONS.map((person) => [owner, person] as const)))(
    "owner written as %j, reviewer's person as %j",
    (owner, person) => {
      expect(verdict(agent({ owner }), principal({ person }))).toBe("self_approval_forbidden");
      expect(verdict(agent({ owner }), principal({ id: "rev_2", name: "second key", person }))).toBe(
        "self_approval_forbidden",
      );
    },
  );

  test.each(["finance", "Finance", "FINANCE", " finance"])(
    "a group as owner excludes each of its people: %j",
    (owner) => {
      expect(verdict(agent({ owner }), principal({ person: "ana" }))).toBe("self_approval_forbidden");
      expect(verdict(agent({ owner }), principal({ person: "ben@example.com" }))).toBe(
        "self_approval_forbidden",
      );
      expect(verdict(agent({ owner }), principal({ person: "cleo" }))).toBe("eligible");
    },
  );

  test("a reviewer without a person is excluded by key id and by name", () => {
    expect(verdict(agent({ owner: "rev_1" }), principal({}))).toBe("self_approval_forbidden");
    expect(verdict(agent({ owner: "Dana" }), principal({ name: "dana" }))).toBe("self_approval_forbidden");
    expect(verdict(agent({ owner: "rev_10" }), principal({}))).toBe("eligible");
  });
});

describe("INV-03: a policy may switch exclusions off in words", () => {
  test.each([
    [true, true, "self_approval_forbidden", ["agt_1", "ana", "ana@example.com"]],
    [true, false, "eligible", ["agt_1"]],
    [false, true, "self_approval_forbidden", ["ana", "ana@example.com"]],
    [false, false, "eligible", []],
  ] as const)(
    "exclude the proposer: %s, exclude the owner: %s",
    (excludeProposer, excludeOwner, reason, handles) => {
      const requirements = { ...approval, excludeProposer, excludeOwner };
      expect(excludedHandles(agent({ owner: "ana" }), requirements, REGISTRY)).toEqual(handles);
      expect(verdict(agent({ owner: "ana" }), principal({ person: "ana" }), requirements)).toBe(reason);
    },
  );

  test("a proposer that belongs to a person excludes all keys of that person", () => {
    expect(verdict(agent({ person: "ana" }), principal({ id: "rev_7", person: "Ana@example.com" }))).toBe(
      "self_approval_forbidden",
    );
  });
});

describe("INV-03: one person is one voter", () => {
  test.each(["ana", "Ana", "ana@example.com", "Ana@Example.com", " ana"])("written as %j", (person) => {
    const voter = voterOf(principal({ person }), "sso", REGISTRY);
    expect(voter).toMatchObject({ person: "ana", groups: ["finance"], assurance: "sso", principal: "rev_1" });
    expect(voter.handles.toSorted()).toEqual(["ana", "ana@example.com", "first", "rev_1"]);
  });

  test("a display name is no identity: writing a person's name does not make a key that person", () => {
    const voter = voterOf(principal({ person: "Ana Diaz" }), "key", REGISTRY);
    expect(voter.person).not.toBe("ana");
    expect(voter.groups).toEqual([]);
  });

  test("a key named like an approver is not admitted as that approver", () => {
    const requirements = approvalBy({ policy: "crm", require: 1, groups: [], people: ["ana"] });
    expect(verdict(agent({}), principal({ name: "ana", person: "ben" }), requirements)).toBe("not_eligible");
    expect(verdict(agent({}), principal({ name: "ben", person: "ana" }), requirements)).toBe("eligible");
  });

  test("a key without a person votes for itself, in no group", () => {
    expect(voterOf(principal({}), "key", REGISTRY)).toMatchObject({ person: "rev_1", groups: [] });
  });

  test("a person that is not in the registry is one person, in any case of letters", () => {
    const [one, other] = ["Dana", " dana"].map((person) => voterOf(principal({ person }), "key", REGISTRY));
    expect(one?.person).toBe(other?.person);
  });

  test("two keys without a person are never counted as one voter", () => {
    const [one, other] = ["rev_aB", "rev_Ab"].map((id) =>
      voterOf(principal({ id, person: id }), "key", REGISTRY),
    );
    expect(one?.person).not.toBe(other?.person);
  });

  test.each(["constructor", "__proto__", "tostring", ""])(
    "a person named %j matches no entry of the registry",
    (person) => {
      expect(voterOf(principal({ person }), "key", REGISTRY)).toMatchObject({ person, groups: [] });
    },
  );
});
