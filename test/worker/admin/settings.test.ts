import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { portsOf } from "../../../src/env.ts";

const settings = (more: Record<string, string>) =>
  portsOf({ ...env, ...more } as unknown as Parameters<typeof portsOf>[0]).settings;

describe("size limits of stored payloads and responses", () => {
  test.each(["MAX_PAYLOAD_BYTES", "MAX_RESPONSE_BYTES"])("%s is read as a number of bytes", (name) => {
    const { maxPayloadBytes, maxResponseBytes } = settings({ [name]: "12345" });
    expect([maxPayloadBytes, maxResponseBytes]).toContain(12_345);
  });

  test("the defaults apply where no setting is given", () => {
    const { maxPayloadBytes, maxResponseBytes } = settings({ MAX_PAYLOAD_BYTES: "", MAX_RESPONSE_BYTES: "" });
    expect([maxPayloadBytes, maxResponseBytes]).toEqual([10_485_760, 1_048_576]);
  });

  test.each(["0", "-1", "1e9", "1 MiB", "33554432", "25165825", "Infinity"])(
    "%s is refused: the outcome of a write could not be recorded",
    (written) => {
      for (const name of ["MAX_PAYLOAD_BYTES", "MAX_RESPONSE_BYTES"]) {
        expect(() => settings({ [name]: written })).toThrow(`${name} must be a number of bytes`);
      }
    },
  );
});

test.each(["GATE_ORDER_TTL_SECONDS", "GATE_CLAIM_TTL_SECONDS", "GATE_DELIVERY_LEASE_SECONDS"])(
  "%s out of its bounds fails every request, and the error names it",
  (name) => {
    expect(() => settings({ [name]: "4" })).toThrow(`${name} must be a whole number of seconds`);
  },
);
