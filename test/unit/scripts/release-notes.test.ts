import { describe, expect, test } from "vitest";
import { parseLog, releaseNotes, type Commit } from "../../../scripts/release-notes.ts";

const commit = (hash: string, subject: string, body = ""): Commit => ({ hash, subject, body });

describe("release notes", () => {
  test("group commits by area, with areas sorted and commits in the given order", () => {
    const notes = releaseNotes([
      commit("a1", "proxy: relay 304 without a body"),
      commit("a2", "api: add `decided_by` to lists"),
      commit("a3", "proxy: mask credentials in trailers"),
    ]);
    expect(notes).toBe(
      "### api\n\n- add `decided_by` to lists (a2)\n\n" +
        "### proxy\n\n- relay 304 without a body (a1)\n- mask credentials in trailers (a3)\n",
    );
  });

  test("keep a subject without an area whole, under a last heading", () => {
    const notes = releaseNotes([
      commit("a1", "Formatted"),
      commit("a2", "Note: a capital is no area"),
      commit("a3", "zoo: z"),
    ]);
    expect(notes).toBe(
      "### zoo\n\n- z (a3)\n\n### other\n\n- Formatted (a1)\n- Note: a capital is no area (a2)\n",
    );
  });

  test.each([
    ["one line", "Breaking: rename `self_approval_forbidden`", "rename `self_approval_forbidden`"],
    [
      "several lines",
      "Breaking: rename\n`self_approval_forbidden`\n\nThe rest.",
      "rename `self_approval_forbidden`",
    ],
    [
      "a trailer behind it",
      "Breaking: rename `self_approval_forbidden`\nIssue: 11",
      "rename `self_approval_forbidden`",
    ],
    [
      "after the reason",
      "The reason.\n\nBreaking: rename `self_approval_forbidden`",
      "rename `self_approval_forbidden`",
    ],
  ])("begin with breaking changes: %s", (_, body, note) => {
    const notes = releaseNotes([commit("a1", "api: rename codes", body)]);
    expect(notes).toBe(`### Breaking changes\n\n- **api**: ${note} (a1)\n\n### api\n\n- rename codes (a1)\n`);
  });

  test("ignore the word Breaking inside a line", () => {
    expect(releaseNotes([commit("a1", "api: x", "Not breaking: y")])).not.toContain("Breaking changes");
  });

  test("are empty without commits", () => expect(releaseNotes([])).toBe(""));
});

describe("parsing git's log", () => {
  test("yields hash, subject and whole body of each commit", () => {
    const log = "a1\x1fapi: one\x1fFirst line.\n\nSecond.\n\x1e\nb2\x1fapi: two\x1f\x1e\n";
    expect(parseLog(log)).toEqual([
      commit("a1", "api: one", "First line.\n\nSecond."),
      commit("b2", "api: two"),
    ]);
  });

  test("yields nothing for an empty log", () => expect(parseLog("")).toEqual([]));
});
