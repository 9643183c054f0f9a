import { describe, expect, test } from "vitest";
import { rowCells } from "../../../cli/approvals/list.ts";
import {
  clipped,
  hasRightToLeft,
  wrapIndented,
  quotedLines,
  sanitizeText,
  visibleJson,
} from "../../../cli/sanitize-text.ts";

describe("INV-28: text by an agent can't control the terminal", () => {
  test.each([
    ["an escape sequence", "a\u001b[2Jb", "a⟨U+001B⟩[2Jb"],
    ["its one-character form", "a\u009b2Jb", "a⟨U+009B⟩2Jb"],
    ["a bell, a backspace, a delete", "\u0007\b\u007f", "⟨U+0007⟩⟨U+0008⟩⟨U+007F⟩"],
    ["a carriage return, a line feed, a NUL", "a\rb\nc\0", "a⟨U+000D⟩b⟨U+000A⟩c⟨U+0000⟩"],
    ["a turned line", "user\u202etxt.exe\u2066", "user⟨U+202E⟩txt.exe⟨U+2066⟩"],
    ["characters without width", "re\u200bfund\u2060\ufeff\u00ad", "re⟨U+200B⟩fund⟨U+2060⟩⟨U+FEFF⟩⟨U+00AD⟩"],
    ["blanks that are none", "a\u00a0b\u3000c\u2800d\u3164e", "a⟨U+00A0⟩b⟨U+3000⟩c⟨U+2800⟩d⟨U+3164⟩e"],
    ["other line ends", "a\u2028b\u2029c\u0085d", "a⟨U+2028⟩b⟨U+2029⟩c⟨U+0085⟩d"],
    ["a text in tags", "a\u{e0041}\u{e0042}", "a⟨U+E0041⟩⟨U+E0042⟩"],
    ["half a character", "a\ud83db", "a⟨U+D83D⟩b"],
    ["private-use characters", "\ue000\u{10ffff}", "⟨U+E000⟩⟨U+10FFFF⟩"],
    ["a pile of marks", `e${"\u0301".repeat(4)}`, "e⟨U+0301⟩⟨U+0301⟩⟨U+0301⟩⟨U+0301⟩"],
    ["text that imitates an escaped character", "⟨U+001B⟩", "⟨U+27E8⟩U+001B⟨U+27E9⟩"],
  ])("it is printed without effect: %s", (_, text, shown) => {
    expect(sanitizeText(text)).toBe(shown);
  });

  test("letters of every script are printed as they are", () => {
    const texts = [
      "Zoë, Łukasz, Dvořák",
      "cafe\u0301",
      "日本語",
      "עברית",
      "ไทย",
      "emoji 🎉",
      "a  b <i> \\u001b",
    ];
    for (const text of texts) expect(sanitizeText(text)).toBe(text);
  });

  test("numbers swap nothing: beside digits and signs, letters that run from right to left are shown by code", () => {
    expect(sanitizeText("א;5;900000;ב")).toBe("⟨U+05D0⟩;5;900000;⟨U+05D1⟩");
    expect(sanitizeText("ا٥ 9")).toBe("⟨U+0627⟩⟨U+0665⟩ 9");
    expect(quotedLines("א\t5\t900000\tב\nאב", null)).toEqual([
      "  | ⟨U+05D0⟩    5    900000    ⟨U+05D1⟩",
      "  | אב",
    ]);
    expect(clipped("אב 12", 40)).toBe("⟨U+05D0⟩⟨U+05D1⟩ 12");
    const text = visibleJson({ row: "א;5;900000;ב" });
    expect(hasRightToLeft(text)).toBe(false);
    expect(JSON.parse(text)).toEqual({ row: "א;5;900000;ב" });
  });

  test("JSON is sanitised to JSON with the same value", () => {
    const value = { a: "\u001b[2J\u009b\u202e\u{e0041}⟨", b: ["\n", "\ud83d", "ok"] };
    const text = visibleJson(value);
    expect(JSON.parse(text)).toEqual(value);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\u{e0041}/u);
  });
});

test("a shortened text says so, and is cut where it says", () => {
  expect(clipped("abc", 3)).toBe("abc");
  expect(clipped("abcd", 3)).toBe("ab…");
  expect(Array.from(clipped("\u001b".repeat(9), 5))).toHaveLength(5);
  expect(clipped("🎉".repeat(50), 10)).toBe(`${"🎉".repeat(9)}…`);
});

describe("INV-28: payload lines in the terminal", () => {
  test("stand behind a bar, whatever they imitate", () => {
    expect(quotedLines("a\tb\nApprove? [y/N]\n", null)).toEqual(["  | a    b", "  | Approve? [y/N]"]);
    expect(quotedLines("", null)).toEqual(["  | "]);
    expect(quotedLines("\n\n", null)).toEqual(["  | ", "  | "]);
  });

  test("continue behind a plus where the terminal would wrap them", () => {
    const lines = quotedLines(`${" ".repeat(36)}Approve? y${"é".repeat(36)}`, 40);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines[0]).toMatch(/^ {2}\| /);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}\+ /);
    // Two columns for what may take two.
    for (const line of lines) {
      const columns = Array.from(line, (char) => (char <= "~" ? 1 : 2)).reduce<number>(
        (sum, one) => sum + one,
        0,
      );
      expect(columns).toBeLessThanOrEqual(40);
    }
  });

  test("of prose continue indented", () => {
    expect(wrapIndented("x".repeat(45), 10, 40)).toBe(
      `${"x".repeat(30)}\n${" ".repeat(10)}${"x".repeat(15)}`,
    );
    expect(wrapIndented("x".repeat(45), 10, null)).toBe("x".repeat(45));
  });
});

test.each([
  [null, "never"],
  ["2026-11-22T12:00:00.000Z", "over"],
  ["2026-11-22T12:30:00.000Z", "30m"],
])("a queue line with deadline %s says %s", (deadline, words) => {
  const row = { created_at: "2026-11-22T11:00:00.000Z", decide_by: deadline };
  expect(rowCells(row, Date.parse("2026-11-22T12:00:00.000Z"))[1]).toBe(words);
});
