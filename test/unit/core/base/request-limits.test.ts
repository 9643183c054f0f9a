import { expect, test } from "vitest";
import { REQUEST_LIMITS, requestLimitsOf } from "../../../../src/core/base/request-limits.ts";

const VARIABLES = Object.values(REQUEST_LIMITS).map(({ variable }) => variable);

test("without variables the limits are 600, 3,000, 60,000, 60 and 120 a minute", () => {
  expect(requestLimitsOf({})).toEqual({
    proposals: 600,
    requests: 3_000,
    proxied_requests: 60_000,
    evidence: 60,
    heartbeats: 120,
  });
});

test.each(VARIABLES)(
  "%s sets its limit within its bounds, and an empty one leaves the default",
  (variable) => {
    const [name] = Object.entries(REQUEST_LIMITS).find(([, limit]) => limit.variable === variable) ?? [];
    const limit = (written: string) => requestLimitsOf({ [variable]: written })[name as "requests"];
    expect([limit("1"), limit("1000000")]).toEqual([1, 1_000_000]);
    expect(limit("")).toBe(REQUEST_LIMITS[name as "requests"].byDefault);
    for (const wrong of ["0", "-1", "1.5", "1e3", "1000001", "many", " 5", "Infinity", "null"]) {
      expect(() => limit(wrong), wrong).toThrow(`${variable} must be a whole number from 1 to 1000000`);
    }
  },
);
