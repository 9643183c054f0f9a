import { describe, expect, test } from "vitest";
import { decisionOnRecheck, recheckedBy } from "../../../../src/core/intent/recheck.ts";
import type { IntentCommand } from "../../../../src/core/intent/command.ts";
import type { Outcome } from "../../../../src/core/policy/decision.ts";
import type { IntentState } from "../../../../src/core/intent/state.ts";
import {
  after,
  approveBy,
  decisionOf,
  doing,
  MINUTE_MS,
  orderBy,
  proposed,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

const LATER = T0 + 5 * MINUTE_MS;
const NEXT = "d2".repeat(32);
const ana = voterNamed("ana");

/** What Gate makes of the intent under changed rules whose verdict is this. */
function recheckTo(state: IntentState, verdict: Outcome, digest = NEXT): IntentCommand {
  const decision = decisionOnRecheck(state, decisionOf(verdict));
  const terms = { ...state.terms, digest, outcome: decision.outcome, reasonCode: decision.reasonCode };
  return { type: "recheck", digest: state.terms.digest, terms, ...recheckedBy(decision) };
}

describe("INV-09: an intent is evaluated again under changed rules", () => {
  const pending = after(proposed("hold"), [1, approveBy(ana)]);
  const approved = proposed("approve");
  const voted = after(proposed("hold"), [1, approveBy(ana)]);

  test("what waits loses its votes and its digest", () => {
    const waiting = after(proposed("hold", { approval: { ...pending.terms.approval, require: 2 } }), [
      1,
      approveBy(ana),
    ]);
    expect(waiting.votes).toHaveLength(1);
    const state = after(waiting, [2, recheckTo(waiting, "hold")]);
    expect(state).toMatchObject({ phase: "pending_approval", votes: [], terms: { digest: NEXT } });
  });

  test("what a person approved waits again, whatever the rules would do now", () => {
    expect(voted.phase).toBe("approved");
    for (const verdict of ["approve", "hold", "block"] as const) {
      const state = after(voted, [2, recheckTo(voted, verdict)]);
      expect([state.phase, state.decidedBy, state.executeBy]).toEqual(["pending_approval", null, null]);
    }
  });

  test("what policy approved stays approved only where policy approves it again", () => {
    expect(after(approved, [2, recheckTo(approved, "approve")]).phase).toBe("approved");
    expect(after(approved, [2, recheckTo(approved, "hold")]).phase).toBe("pending_approval");
    expect(after(approved, [2, recheckTo(approved, "block")]).phase).toBe("pending_approval");
  });

  test("an edited intent never stays approved: another person sees it", () => {
    const edited = proposed("approve", { predecessor: "int_0", editor: "ana" });
    expect(after(edited, [2, recheckTo(edited, "approve")]).phase).toBe("pending_approval");
  });

  test("the same evaluation again, or one of an earlier digest, records nothing", () => {
    const once = after(voted, [2, recheckTo(voted, "hold")]);
    expect(doing(once, { ...recheckTo(once, "hold"), digest: NEXT } as IntentCommand, LATER)).toBe("-");
    expect(doing(once, recheckTo(voted, "block", "d3".repeat(32)), LATER)).toBe("!digest_mismatch");
  });

  test("an order is not taken back: it ends by itself, and its claim is refused as stale", () => {
    const ordered = after(approved, [2, orderBy()]);
    expect(doing(ordered, recheckTo(ordered, "block"), LATER)).toBe("-");
  });

  test("what the rules block can't be approved by anybody", () => {
    const waiting = proposed("hold");
    const blocked = after(waiting, [2, recheckTo(waiting, "block")]);
    expect(doing(blocked, approveBy(ana, { digest: NEXT }), LATER)).toBe("!blocked_by_rules");
  });
});
