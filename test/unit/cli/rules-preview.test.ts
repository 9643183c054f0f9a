import { expect, test } from "vitest";
import { previewOf, previewText, type RulesPreview } from "../../../cli/rules-preview.ts";

const one = (state: string, becomes: string) => ({ intentId: "int_1", state, becomes, reason_code: "x" });

const text = (cases: readonly (readonly [string, string])[]) =>
  previewText({
    cases: cases.map(([state, becomes]) => ({ id: "int_1", state, becomes, reasonCode: "x" })),
    checked: cases.length,
    isCut: false,
  } satisfies RulesPreview);

test.each([
  [[["pending_approval", "held"]], "1 held, 0 would be blocked"],
  [
    [
      ["approved", "held"],
      ["pending_approval", "blocked"],
    ],
    "1 held, 1 would be blocked; 1 of them was approved and waits again",
  ],
  [
    [
      ["approved", "held"],
      ["approved", "blocked"],
      ["approved", "approved"],
    ],
    "1 held, 1 would be blocked; 2 of them were approved and wait again; 1 more stays approved",
  ],
] as const)("what changed rules make of %j is said in one sentence", (cases, words) => {
  expect(text(cases)).toBe(words);
});

test("a preview takes page after page, and stops at a thousand cases and says so", async () => {
  let pages = 0;
  const endless = await previewOf(async () => {
    pages += 1;
    return { checked: 50, cases: [one("pending_approval", "held")], next: "on" };
  });
  expect([pages, endless.cases.length, endless.isCut]).toEqual([20, 20, true]);
  expect(previewText(endless)).toContain("(of the newest 1,000 cases)");
  const cursors: (string | null)[] = [];
  await previewOf(async (after) => {
    cursors.push(after);
    return { checked: 50, cases: [], next: after === null ? "two" : null };
  });
  expect(cursors).toEqual([null, "two"]);
});

test("what a hostile server says of a case drives no terminal", async () => {
  const hostile = { intentId: "\u001b[2J", state: 5, becomes: null, reason_code: "a b" };
  const preview = await previewOf(async () => ({ checked: "x", cases: [hostile, 7], next: null }));
  expect(preview).toEqual({
    cases: [{ id: "?", state: "?", becomes: "?", reasonCode: "?" }],
    checked: 0,
    isCut: false,
  });
});

test("a server whose pages never count or end is left after a thousand of them", async () => {
  let pages = 0;
  await previewOf(async () => {
    pages += 1;
    return { cases: [], next: "on" };
  });
  expect(pages).toBe(1_000);
});
