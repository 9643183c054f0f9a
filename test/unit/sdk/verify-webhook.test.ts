import { describe, expect, test } from "vitest";
import { standardHeaders } from "../../../src/app/notifications/standard-webhooks.ts";
import { type GateError, GateOptionError, verifyWebhook } from "../../../sdk/typescript/verify.ts";

const secretOf = (seed: number) => `whsec_${Buffer.alloc(32, seed).toString("base64")}`;
const SECRET = secretOf(1);
const EVENT = {
  type: "intent.approved",
  timestamp: "2026-12-01T00:00:00.000Z",
  data: { intent_id: "int_1", name: "Zoë" },
};
const BODY = JSON.stringify(EVENT);

function sent(secrets: readonly string[] = [SECRET], at = Date.now(), body = BODY) {
  return standardHeaders({ id: "msg_1", at, body }, secrets) ?? {};
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "valid",
    (error: unknown) => (error as GateError).code,
  );

test("INV-30: an event that Gate signed is verified and read, from text, bytes and either kind of headers", async () => {
  const headers = sent();
  const upper = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  );
  for (const each of [headers, upper, new Headers(headers)]) {
    for (const body of [BODY, new TextEncoder().encode(BODY)]) {
      expect(await verifyWebhook({ secret: SECRET, headers: each, body })).toEqual({
        id: "msg_1",
        sentAt: new Date(Math.floor(Date.now() / 1_000) * 1_000),
        event: EVENT,
      });
    }
  }
});

test("while a secret is replaced either of both signs, and either of both verifies", async () => {
  const [before, after] = [secretOf(2), secretOf(3)];
  const headers = sent([before, after]);
  for (const secret of [before, after, [SECRET, after]]) {
    expect(await codeOf(verifyWebhook({ secret, headers, body: BODY }))).toBe("valid");
  }
});

describe("INV-30: a webhook is refused", () => {
  test.each<[string, Record<string, string | undefined>]>([
    ["without a signature", { "webhook-signature": undefined }],
    ["with an empty one", { "webhook-signature": "" }],
    [
      "with a signature of another version",
      { "webhook-signature": `v2,${(sent()["webhook-signature"] ?? "").slice(3)}` },
    ],
    ["with a signature that is no base64", { "webhook-signature": "v1,!!!" }],
    ["with half a signature", { "webhook-signature": (sent()["webhook-signature"] ?? "").slice(0, 20) }],
    ["without an id", { "webhook-id": undefined }],
    ["with another id", { "webhook-id": "msg_2" }],
    ["with another time", { "webhook-timestamp": String(Math.floor(Date.now() / 1_000) + 1) }],
    ["with a time that is none", { "webhook-timestamp": "1e9" }],
    ["with a negative time", { "webhook-timestamp": "-5" }],
  ])("%s", async (_, changed) => {
    const headers = { ...sent(), ...changed };
    expect(await codeOf(verifyWebhook({ secret: SECRET, headers, body: BODY }))).toBe("invalid_webhook");
  });

  test("for other bytes, and under another secret", async () => {
    const headers = sent();
    const parsedAgain = JSON.stringify(JSON.parse(BODY), null, 1);
    expect(await codeOf(verifyWebhook({ secret: SECRET, headers, body: parsedAgain }))).toBe(
      "invalid_webhook",
    );
    expect(await codeOf(verifyWebhook({ secret: secretOf(9), headers, body: BODY }))).toBe("invalid_webhook");
  });

  test.each([-400_000, 400_000])(
    "that was signed %i ms from now, unless the tolerance allows it",
    async (off) => {
      const headers = sent([SECRET], Date.now() + off);
      const verify = (more: object) =>
        codeOf(verifyWebhook({ secret: SECRET, headers, body: BODY, ...more }));
      expect(await verify({})).toBe("stale_webhook");
      expect(await verify({ toleranceSeconds: 500 })).toBe("valid");
      // NaN compares to nothing.
      expect(await verify({ toleranceSeconds: Number.NaN })).toBe("stale_webhook");
    },
  );

  test("that is signed and no JSON", async () => {
    expect(
      await codeOf(verifyWebhook({ secret: SECRET, headers: sent([SECRET], Date.now(), "x"), body: "x" })),
    ).toBe("invalid_webhook");
  });

  test.each([[""], ["secret"], ["whsec_"], ["whsec_!"], [[]]])(
    "with a secret that is %j, as a mistake of the program",
    async (secret) => {
      const promise = verifyWebhook({ secret: secret as string, headers: sent(), body: BODY });
      const error: unknown = await promise.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(GateOptionError);
    },
  );
});
