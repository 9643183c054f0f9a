import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Assurance } from "../../../src/core/identity/assurance.ts";
import type { Delegation } from "../../../src/core/intent/mandate.ts";
import type { Principal } from "../../../src/core/identity/principal.ts";
import { portsOf } from "../../../src/env.ts";
import { grantorOf } from "../../../src/app/approvals/mandate-grantor.ts";
import { register } from "../../support/worker/gate.ts";

interface Case {
  readonly name: string;
  readonly assurance: Assurance;
  /** The person of the grantor when it was granted. */
  readonly person: string;
  readonly now: Partial<Principal> | null;
  readonly votes: boolean;
}

const TABLE: readonly Case[] = [
  { name: "made with a key that is still theirs", assurance: "key", person: "ana", now: {}, votes: true },
  { name: "made with an account", assurance: "sso", person: "ana", now: {}, votes: true },
  { name: "suspended", assurance: "key", person: "ana", now: { status: "suspended" }, votes: false },
  { name: "revoked", assurance: "key", person: "ana", now: { status: "revoked" }, votes: false },
  { name: "no reviewer any more", assurance: "key", person: "ana", now: { role: "admin" }, votes: false },
  { name: "gone", assurance: "key", person: "ana", now: null, votes: false },
  { name: "somebody else's now", assurance: "key", person: "ana", now: { person: "ben" }, votes: false },
  {
    name: "a key's, of a person not in gate.yaml",
    assurance: "key",
    person: "zoe",
    now: { person: "zoe" },
    votes: true,
  },
  {
    name: "an account's, of a person not in gate.yaml",
    assurance: "sso",
    person: "zoe",
    now: { person: "zoe" },
    votes: false,
  },
  {
    name: "a Slack member's, of an unknown person",
    assurance: "slack",
    person: "zoe",
    now: { person: "zoe" },
    votes: false,
  },
  {
    name: "a passkey's, of an unknown person",
    assurance: "passkey",
    person: "zoe",
    now: { person: "zoe" },
    votes: false,
  },
];

test.each(TABLE)(
  "INV-05 INV-08: a mandate whose grantor's credential is $name gives a vote: $votes",
  async (row) => {
    const { id } = await register("reviewer", { person: "ana" });
    const ports = portsOf(env);
    const stored = await ports.principals.get(id);
    if (stored === null) throw new Error("not registered");
    const principals = {
      ...ports.principals,
      get: async () => (row.now === null ? null : { ...stored, ...row.now }),
    };
    const mandate: Delegation = {
      id: "deleg_1",
      destination: null,
      policy: null,
      agent: null,
      principalId: null,
      maxCents: null,
      principal: id,
      person: row.person,
      assurance: row.assurance,
      createdAt: 0,
      expiresAt: 1,
      revokedAt: null,
      revokedReason: null,
      delegate: "ben",
    };
    const voter = await grantorOf(mandate, { ...ports, principals });
    expect(voter).toEqual(
      row.votes
        ? expect.objectContaining({ person: row.person, assurance: row.assurance, mandate: "deleg_1" })
        : null,
    );
  },
);
