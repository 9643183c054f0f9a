import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { portsOf } from "../../../src/env.ts";

const settings = (more: Record<string, string>) =>
  portsOf({ ...env, ...more } as unknown as Parameters<typeof portsOf>[0]).settings;

describe("how much is kept of a payload and of an answer", () => {
  test.each(["MAX_PAYLOAD_BYTES", "MAX_RESPONSE_BYTES"])("%s is a number of bytes", (name) => {
    const { maxPayloadBytes, maxResponseBytes } = settings({ [name]: "12345" });
    expect([maxPayloadBytes, maxResponseBytes]).toContain(12_345);
  });

  test("is what Gate takes by itself where nothing is written", () => {
    const { maxPayloadBytes, maxResponseBytes } = settings({ MAX_PAYLOAD_BYTES: "", MAX_RESPONSE_BYTES: "" });
    expect([maxPayloadBytes, maxResponseBytes]).toEqual([10_485_760, 1_048_576]);
  });

  test.each(["0", "-1", "1e9", "1 MiB", "33554432", "25165825", "Infinity"])(
    "is not %s: what came of a write could not be recorded",
    (written) => {
      for (const name of ["MAX_PAYLOAD_BYTES", "MAX_RESPONSE_BYTES"]) {
        expect(() => settings({ [name]: written })).toThrow(`${name} must be a number of bytes`);
      }
    },
  );
});
