import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draftEntry, notesOf } from "../../../../src/core/intent/entries.ts";
import type { RecordedEvent, IntentEvent } from "../../../../src/core/intent/event.ts";
import { openingEvents } from "../../../../src/core/intent/propose.ts";
import type { IntentTerms } from "../../../../src/core/intent/state.ts";
import { canonicalJson } from "../../../../src/core/base/json.ts";
import { commitment } from "../../../../src/core/ledger/commitment.ts";
import { AGENT, decisionOf, ORDER_1, SUCCESSOR, T0, termsWith } from "../../../support/intent-fixtures.ts";

const SALT = Uint8Array.from({ length: 32 }, (_, at) => at);
const TERMS = termsWith();

/** One event of every kind that can carry text, with that text. */
function withText(text: string): readonly IntentEvent[] {
  const report = {
    order: ORDER_1,
    by: "agt_1",
    executedAt: null,
    retryable: false,
    result: text,
    proof: text,
  } as const;
  return [
    {
      type: "approval_vote_recorded",
      person: "ana",
      acting: "ana",
      principal: "rev_ana",
      assurance: "key",
      counts: ["crm"],
      mandate: null,
      note: text,
    },
    {
      type: "rejection_vote_recorded",
      person: "ana",
      acting: "ben",
      principal: "rev_ben",
      assurance: "key",
      mandate: "dlg_1",
      note: text,
    },
    { type: "superseded", successor: SUCCESSOR, person: "ana", note: text },
    { type: "rejected", person: "ana", note: text },
    { type: "cancelled", person: "ana", note: text },
    { type: "withdrawn", note: text },
    { type: "revoked", by: "rev_ana", note: text },
    { type: "outcome_resolved", by: "adm_1", outcome: "executed", note: text },
    { type: "execution_succeeded", ...report },
    { type: "execution_failed", ...report },
    {
      type: "execution_indeterminate",
      order: ORDER_1,
      by: "agt_1",
      why: "reported",
      result: text,
      proof: text,
    },
    { type: "policy_checked", outcome: "hold", reasonCode: "x", rules: [], facts: text, records: 1 },
  ];
}

const bodyOf = (event: IntentEvent, salt = SALT) =>
  draftEntry(TERMS, { event, actor: "agt_1", at: T0 }, salt).body;

// Long enough not to occur by chance; every kind of character a body could escape.
const texts = fc.string({
  minLength: 8,
  maxLength: 60,
  unit: fc.constantFrom(...'zZqQ~"\\/<>&é€😀 \n\u0000{}[]:,'),
});

describe("free text by people and workers", () => {
  test("is on no ledger entry, in no event and in no escaped form", () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const event of withText(text)) {
          const body = bodyOf(event);
          expect(body).not.toContain(text);
          expect(body).not.toContain(JSON.stringify(text).slice(1, -1));
          expect(body).not.toContain(btoa(encodeURIComponent(text)));
          expect(body).toContain(commitment(SALT, text));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("is stored beside the ledger, word for word", () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const event of withText(text).filter(({ type }) => type !== "policy_checked")) {
          const notes = notesOf(event);
          expect(notes.length).toBeGreaterThan(0);
          for (const note of notes) expect(note.text).toBe(text);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("is committed to even when it is empty; absent text has no commitment", () => {
    expect(bodyOf({ type: "withdrawn", note: "" })).toContain(commitment(SALT, ""));
    expect(JSON.parse(bodyOf({ type: "withdrawn", note: null }))).toMatchObject({ note: null });
    expect(notesOf({ type: "withdrawn", note: null })).toEqual([]);
  });

  test("can't be guessed from its commitment without the salt", () => {
    const note = "yes";
    const other = SALT.with(0, 99);
    expect(bodyOf({ type: "withdrawn", note }, other)).not.toBe(bodyOf({ type: "withdrawn", note }));
  });

  test("makes no entry longer, however long it is", () => {
    const [short, long] = ["a", "a".repeat(100_000)].map((note) => bodyOf({ type: "withdrawn", note }));
    expect(long?.length).toBe(short?.length);
  });
});

describe("the entries of a proposal", () => {
  const entries = (outcome: "approve" | "hold" | "block", terms = TERMS) =>
    openingEvents(terms, decisionOf(outcome)).map((fact) => draftEntry(terms, fact, SALT));

  test("hold no plain digest of payload or request, so a short payload can't be guessed", () => {
    for (const outcome of ["approve", "hold", "block"] as const) {
      for (const { body } of entries(outcome)) {
        expect(body).not.toContain(TERMS.payloadDigest);
        expect(body).not.toContain(TERMS.requestDigest);
      }
    }
    expect(JSON.parse(entries("hold")[0]?.body ?? "")).toMatchObject({
      payload: commitment(SALT, TERMS.payloadDigest ?? ""),
    });
  });

  test("say so when there is no payload", () => {
    const terms = termsWith({ payloadDigest: null });
    expect(JSON.parse(entries("hold", terms)[0]?.body ?? "")).toMatchObject({ payload: null });
  });

  test("hold facts only as a commitment, since totals and counts describe the payload", () => {
    const facts = decisionOf("hold").facts;
    const seen = { ...facts, totals: [{ currency: "EUR", minor: 987_654_321 }], type: "odd-type" };
    const [, checked] = openingEvents(TERMS, decisionOf("hold", { facts: seen }));
    if (checked === undefined) throw new Error("policy_checked");
    const { body } = draftEntry(TERMS, checked, SALT);
    expect(body).not.toContain("987654321");
    expect(body).not.toContain("odd-type");
    expect(JSON.parse(body)).toMatchObject({ facts: commitment(SALT, canonicalJson(seen)), records: 40 });
  });

  test("record the decision", () => {
    expect(JSON.parse(entries("hold")[0]?.body ?? "")).toEqual({
      intent_digest: TERMS.digest,
      v: 2,
      policy_hashes: ["aa".repeat(32), "bb".repeat(32)],
      agent: "agt_1",
      destination: "salesforce.import",
      action: "import",
      executor: null,
      policies: TERMS.policies,
      destination_config: TERMS.configHash,
      payload: commitment(SALT, TERMS.payloadDigest ?? ""),
      keyed: true,
      decide_by: TERMS.decideBy,
      approval: {
        require: TERMS.approval.require,
        quorums: TERMS.approval.quorums.map(({ policy, require }) => ({ policy, require })),
      },
      risk_score: 15,
      risk_factors: ["medium_risk_destination"],
    });
  });
});

describe("the entries of an intent made by a reviewer's edit", () => {
  const EDITED = { predecessor: SUCCESSOR, editor: "Ana" } as const;
  const bodyFor = (change: Partial<IntentTerms>): Record<string, unknown> => {
    const [first] = openingEvents(termsWith(change), decisionOf("hold"));
    if (first === undefined) throw new Error("proposed");
    return JSON.parse(draftEntry(termsWith(change), first, SALT).body);
  };

  test("name predecessor and editor, and whether the editor may approve", () => {
    const excluded = bodyFor({ ...EDITED, excluded: ["ana", "rev_ana"] });
    expect(excluded).toMatchObject(EDITED);
    expect(excluded).not.toHaveProperty("editor_may_approve");
    expect(bodyFor({ ...EDITED, excluded: [AGENT] })).toMatchObject({ ...EDITED, editor_may_approve: true });
  });

  test("an intent that is no successor names neither", () => {
    const names = Object.keys(bodyFor({}));
    for (const name of ["predecessor", "editor", "editor_may_approve"]) expect(names).not.toContain(name);
  });
});

test("the number of rejections required is recorded where it is more than one", () => {
  const approval = { ...TERMS.approval, rejections: 2 };
  const terms = termsWith({ approval });
  const [first] = openingEvents(terms, decisionOf("hold"));
  if (first === undefined) throw new Error("proposed");
  expect(JSON.parse(draftEntry(terms, first, SALT).body)).toMatchObject({ approval: { rejections: 2 } });
});

test("INV-17: a vote's entry names the person, the person acting and the mandate", () => {
  const [vote] = withText("fine");
  if (vote === undefined) throw new Error("a vote");
  const mandated = { ...vote, acting: "ben", mandate: "dlg_1" } as IntentEvent;
  expect(JSON.parse(bodyOf(mandated))).toMatchObject({ person: "ana", acting: "ben", mandate: "dlg_1" });
});

test("INV-17: every entry has digest, policy hashes, actor and time", () => {
  const fact: RecordedEvent = { event: { type: "expired", from: "approved" }, actor: "gate", at: T0 + 5 };
  const { event, actor, at, body } = draftEntry(TERMS, fact, SALT);
  expect({ event, actor, at }).toEqual({ event: "expired", actor: "gate", at: T0 + 5 });
  expect(JSON.parse(body)).toEqual({
    intent_digest: TERMS.digest,
    v: 2,
    policy_hashes: ["aa".repeat(32), "bb".repeat(32)],
    from: "approved",
  });
});

test("member names in entries are in snake_case, as on the wire", () => {
  const order: IntentEvent = {
    type: "execution_requested",
    order: ORDER_1,
    fence: 1,
    mode: "runner",
    issuedTo: "agt_1",
    expiresAt: T0,
  };
  expect(Object.keys(JSON.parse(bodyOf(order)))).toEqual([
    "expires_at",
    "fence",
    "intent_digest",
    "issued_to",
    "mode",
    "order",
    "policy_hashes",
    "v",
  ]);
});
