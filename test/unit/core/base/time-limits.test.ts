import { expect, test } from "vitest";
import { TIME_LIMIT_BOUNDS, timeLimitsOf } from "../../../../src/core/base/time-limits.ts";

const NAMES = ["GATE_ORDER_TTL_SECONDS", "GATE_CLAIM_TTL_SECONDS", "GATE_DELIVERY_LEASE_SECONDS"] as const;

test("an unset or empty variable leaves the default: 15 minutes, 5 minutes, a minute", () => {
  const byDefault = { orderMs: 900_000, claimMs: 300_000, deliveryLeaseMs: 60_000 };
  expect(timeLimitsOf({})).toEqual(byDefault);
  expect(timeLimitsOf(Object.fromEntries(NAMES.map((name) => [name, ""])))).toEqual(byDefault);
});

test("each variable sets its own limit, in seconds", () => {
  expect(
    timeLimitsOf({
      GATE_ORDER_TTL_SECONDS: "120",
      GATE_CLAIM_TTL_SECONDS: "45",
      GATE_DELIVERY_LEASE_SECONDS: "90",
    }),
  ).toEqual({ orderMs: 120_000, claimMs: 45_000, deliveryLeaseMs: 90_000 });
});

test.each(NAMES)("%s is accepted at its bounds and refused beyond them", (name) => {
  const { min, max } = TIME_LIMIT_BOUNDS[name];
  for (const seconds of [min, max]) expect(() => timeLimitsOf({ [name]: String(seconds) })).not.toThrow();
  for (const seconds of [min - 1, max + 1, 99_999]) {
    expect(() => timeLimitsOf({ [name]: String(seconds) })).toThrow(
      `${name} must be a whole number of seconds from ${min} to ${max}`,
    );
  }
});

test.each(NAMES)("%s is refused unless it is a whole number in digits", (name) => {
  for (const written of ["0", "-60", "60.5", "1e2", "60s", " 60", "sixty", "Infinity", "٦٠"]) {
    expect(() => timeLimitsOf({ [name]: written }), written).toThrow(name);
  }
});

test("INV-05: neither an order nor a claim can be made to outlive the default", () => {
  const { GATE_ORDER_TTL_SECONDS: order, GATE_CLAIM_TTL_SECONDS: claim } = TIME_LIMIT_BOUNDS;
  expect([order.max, claim.max]).toEqual([900, 300]);
});
