import { expect, test } from "vitest";
import { BANNED_WORDS, bannedWordIn } from "../../../scripts/lint/banned-names.ts";

test.each([
  ["told", "told"],
  ["toldOf", "told"],
  ["isKept", "kept"],
  ["MAX_KEPT_STEPS", "kept"],
  ["StoredAsk", "ask"],
  ["#askedAt", "asked"],
])("the lint finds the banned word in %s", (name, word) => {
  expect(bannedWordIn(name)).toBe(word);
});

test.each(["task", "mask", "asking", "basket", "keptal", "masked", "untold"])(
  "the lint lets %s pass, where the letters are part of another word",
  (name) => {
    expect(bannedWordIn(name)).toBeNull();
  },
);

test("every banned word comes with what to say instead", () => {
  for (const instead of Object.values(BANNED_WORDS)) expect(instead.length).toBeGreaterThan(0);
});
