import { describe, expect, test } from "vitest";
import { draftEntries } from "../../../src/core/intent/entries.ts";
import { GATE, type RecordedEvent } from "../../../src/core/intent/event.ts";
import { handle } from "../../../src/core/intent/handle.ts";
import { openingEvents } from "../../../src/core/intent/propose.ts";
import { chain, EMPTY_HEAD } from "../../../src/core/ledger/entry.ts";
import type { Outcome } from "../../../src/core/policy/decision.ts";
import { checkApprovals } from "../../../verifier/check-approvals.ts";
import { bodiesOf, checkBodies } from "../../../verifier/check-chain.ts";
import { replayStates } from "../../../verifier/state-machine.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { bare, interleaved, MadeLog, recheckedLives, TRUSTED } from "../../support/bundle-maker.ts";
import {
  AGENT,
  approveBy,
  decisionOf,
  fold,
  T0,
  termsWith,
  voterNamed,
} from "../../support/intent-fixtures.ts";

describe("INV-18: an intent that was evaluated again under changed rules", () => {
  test("is proven: the votes after the last evaluation count, as many as it requires", async () => {
    const lives = await recheckedLives();
    const sealed = new MadeLog(interleaved(lives));
    for (const life of lives) {
      expect(life.entries.some(({ event }) => event === "policy_rechecked")).toBe(true);
      const findings = await verifyBundle(JSON.stringify(await sealed.bundle(life)), TRUSTED);
      expect(
        findings.filter(({ status }) => status === "fails"),
        life.terms.id,
      ).toEqual([]);
    }
  });

  const voted = (): RecordedEvent[] => {
    const state = fold([...openingEvents(termsWith(), decisionOf("hold"))]);
    const { events } = handle(state, approveBy(voterNamed("ana")), T0 + 1);
    return [...openingEvents(termsWith(), decisionOf("hold")), ...events];
  };
  const recheckedTo = (phase: "approved" | "pending_approval", outcome: Outcome): RecordedEvent => {
    const { digest } = termsWith();
    const terms = termsWith({ digest: "d9".repeat(32), outcome });
    const verdict = { phase, outcome, reasonCode: "x", rules: [], facts: "{}", records: null } as const;
    return {
      event: { type: "policy_rechecked", terms, previousDigest: digest, ...verdict },
      actor: GATE,
      at: T0 + 2,
    };
  };
  const replayed = (facts: readonly RecordedEvent[]) => {
    const entries = chain(
      "int_1",
      EMPTY_HEAD,
      draftEntries(termsWith(), facts, new Uint8Array(32)),
      new Uint8Array(32),
    ).map(bare);
    return { entries, bodies: bodiesOf(entries) };
  };

  test("can't stay approved by a person", () => {
    const { entries, bodies } = replayed([...voted(), recheckedTo("approved", "approve")]);
    expect(replayStates(entries, bodies).problem).toMatch(/leaves approved/);
  });

  test("can't be ordered on the votes from before", () => {
    const order = {
      type: "execution_requested",
      order: "exe_1",
      fence: 1,
      mode: "runner",
      issuedTo: AGENT,
      expiresAt: T0,
    } as const;
    const { entries, bodies } = replayed([
      ...voted(),
      recheckedTo("pending_approval", "hold"),
      { event: order, actor: AGENT, at: T0 + 3 },
    ]);
    expect(replayStates(entries, bodies).problem).toMatch(/is not allowed/);
  });

  test("can't be approved where the rules block it", () => {
    const approved = { type: "approved", by: "ana", executeBy: T0 } as const;
    const { entries, bodies } = replayed([
      ...voted().slice(0, -1),
      recheckedTo("pending_approval", "block"),
      { event: approved, actor: "rev_ana", at: T0 + 3 },
    ]);
    expect(checkApprovals(replayStates(entries, bodies), bodies[0] ?? {}).status).toBe("fails");
  });

  test("names the digest that it replaces", () => {
    const { entries, bodies } = replayed([...voted(), recheckedTo("pending_approval", "hold")]);
    expect(checkBodies(entries, bodies).status).toBe("holds");
    const forged = bodies.map((body, at) =>
      at === bodies.length - 1 ? { ...body, previous_digest: "00" } : body,
    );
    expect(checkBodies(entries, forged).status).toBe("fails");
  });
});
