import { expect, test } from "vitest";
import { restoredAtOf } from "../../../../src/core/base/restored-at.ts";

test.each([undefined, ""])("no time of a restore, %o, means never", (written) => {
  expect(restoredAtOf(written === undefined ? {} : { GATE_RESTORED_AT: written })).toBeNull();
});

test("a time in UTC is the time of the restore", () => {
  expect(restoredAtOf({ GATE_RESTORED_AT: "2026-11-30T12:00:00Z" })).toBe(Date.UTC(2026, 10, 30, 12));
  expect(restoredAtOf({ GATE_RESTORED_AT: "2026-11-30T12:00:00.250Z" })).toBe(
    Date.UTC(2026, 10, 30, 12) + 250,
  );
});

test.each([
  "true",
  "1764504000000",
  "2026-11-30",
  "2026-11-30T12:00:00",
  "2026-13-30T12:00:00Z",
  " ",
  "null",
])("%o stops Gate: taken for never it would send writes again", (written) => {
  expect(() => restoredAtOf({ GATE_RESTORED_AT: written })).toThrow(
    /^GATE_RESTORED_AT must be a time in UTC/,
  );
});
