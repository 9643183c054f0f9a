import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { GateError } from "../../../sdk/typescript/gate.ts";
import {
  verifyOrder,
  signReport,
  type PublicKeySet,
  type VerifiedOrder,
} from "../../../sdk/typescript/verify.ts";

/* Orders are signed here with another library than the one that the client verifies them with. */

const NOW = Math.floor(Date.now() / 1_000);
const CLAIMS = {
  iss: "gate.example",
  aud: "salesforce.import",
  jti: "exe_1",
  sub: "agt_1",
  iat: NOW,
  exp: NOW + 900,
  intent_id: "int_1",
  intent_digest: "d".repeat(64),
  payload_digest: null,
  destination: "salesforce.import",
  action: "salesforce.import",
  fence: 2,
  idempotency_key: "idem_1",
};
const OPTIONS = { issuer: "gate.example", destination: "salesforce.import" };

let privateKey: CryptoKey;
let keys: PublicKeySet;
beforeAll(async () => {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  ({ privateKey } = pair);
  keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kty: "OKP", kid: "k1" }] };
});
afterEach(() => vi.unstubAllGlobals());

const HEADER = { alg: "EdDSA", typ: "gate-order+jwt", kid: "k1" };

function signed(claims: object = CLAIMS, header: object = HEADER): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(header as typeof HEADER)
    .sign(privateKey, { crit: { "urn:x": true } });
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "valid",
    (error: unknown) => (error instanceof GateError ? error.code : String(error)),
  );

test("INV-18: a signed order is read as what it is bound to", async () => {
  expect(await verifyOrder(await signed(), { ...OPTIONS, keys })).toEqual({
    executionId: "exe_1",
    intentId: "int_1",
    intentDigest: CLAIMS.intent_digest,
    payloadDigest: null,
    destination: "salesforce.import",
    action: "salesforce.import",
    agent: "agt_1",
    fence: 2,
    idempotencyKey: "idem_1",
    expiresAt: new Date(CLAIMS.exp * 1_000),
  });
});

describe("INV-18: an order is refused", () => {
  const b64 = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

  test.each<[string, object, object, string]>([
    ["of another issuer", { iss: "evil.example" }, {}, "invalid_order"],
    ["without an issuer", { iss: undefined }, {}, "invalid_order"],
    ["of another audience", { aud: "stripe.payout" }, {}, "invalid_order"],
    ["of another destination", { destination: "stripe.payout" }, {}, "invalid_order"],
    ["that has expired", { exp: NOW - 1 }, {}, "order_expired"],
    ["that never expires", { exp: undefined }, {}, "invalid_order"],
    ["whose end is a text", { exp: "tomorrow" }, {}, "invalid_order"],
    ["that is not valid yet", { nbf: NOW + 60 }, {}, "invalid_order"],
    ["without a fence", { fence: undefined }, {}, "invalid_order"],
    ["with half a fence", { fence: 1.5 }, {}, "invalid_order"],
    ["without its id", { jti: undefined }, {}, "invalid_order"],
    ["of another type", {}, { typ: "gate-report+jwt" }, "invalid_order"],
    ["without a type", {}, { typ: undefined }, "invalid_order"],
    ["with a critical extension", {}, { crit: ["urn:x"], "urn:x": 1 }, "invalid_order"],
    ["under a key that is not Gate's", {}, { kid: "k2" }, "invalid_order"],
  ])("%s", async (_, claims, header, code) => {
    const order = await signed({ ...CLAIMS, ...claims }, { ...HEADER, ...header });
    expect(await codeOf(verifyOrder(order, { ...OPTIONS, keys }))).toBe(code);
  });

  test("with one letter changed, anywhere", async () => {
    const order = await signed();
    for (let at = 0; at < order.length; at += 7) {
      const other = order[at] === "A" ? "B" : "A";
      const changed = order.slice(0, at) + other + order.slice(at + 1);
      expect(await codeOf(verifyOrder(changed, { ...OPTIONS, keys })), `letter ${at}`).toBe("invalid_order");
    }
  });

  test("that is unsigned, signed with a secret, or no JWS", async () => {
    const [head, body, mark] = (await signed()).split(".") as [string, string, string];
    const forged = [
      `${b64({ ...HEADER, alg: "none" })}.${body}.`,
      `${b64({ ...HEADER, alg: "HS256" })}.${body}.${mark}`,
      `${head}.${body}`,
      `${head}.${body}.${mark}.${mark}`,
      `${head}.${body}.${mark}=`,
      ` ${head}.${body}.${mark}`,
      `${head}.${b64([])}.${mark}`,
      "",
      "a.b.c",
    ];
    for (const order of [...forged, null, 5, {}]) {
      expect(await codeOf(verifyOrder(order as string, { ...OPTIONS, keys }))).toBe("invalid_order");
    }
  });

  test("for other bytes than the approved ones, and below the highest fence", async () => {
    const payload = "a,b\n";
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(payload))).toString("hex");
    const order = await signed({ ...CLAIMS, payload_digest: digest });
    const verify = (more: object) => codeOf(verifyOrder(order, { ...OPTIONS, keys, ...more }));
    expect(await verify({ payload, lastFence: 2 })).toBe("valid");
    expect(await verify({ payload: "a,c\n" })).toBe("payload_mismatch");
    expect(await verify({ lastFence: 3 })).toBe("stale_order");
  });

  test("where two keys have its id, or its key is of another kind", async () => {
    const [key] = keys.keys;
    const of = async (list: readonly object[]) =>
      codeOf(verifyOrder(await signed(), { ...OPTIONS, keys: { keys: list } as PublicKeySet }));
    expect(await of([key ?? {}, key ?? {}])).toBe("invalid_order");
    expect(await of([{ ...key, kty: "RSA" }])).toBe("invalid_order");
    expect(await of([{ kty: "OKP", kid: "k1" }])).toBe("invalid_order");
    expect(await of([])).toBe("invalid_order");
  });
});

describe("published keys", () => {
  function published(...replies: readonly (() => Response)[]) {
    const fetch = vi.fn(async () =>
      (replies[Math.min(fetch.mock.calls.length, replies.length) - 1] ?? replies[0])?.(),
    );
    vi.stubGlobal("fetch", fetch);
    return fetch;
  }

  test("are read once for many orders, and again for one that names another key", async () => {
    const others = { keys: [{ ...keys.keys[0], kid: "old" }] };
    const fetch = published(
      () => Response.json(others),
      () => Response.json(keys),
    );
    const endpoint = "https://once.test";
    const verify = async () => codeOf(verifyOrder(await signed(), { ...OPTIONS, endpoint }));
    const begun = Date.now();
    expect(await Promise.all([verify(), verify()])).toEqual(["invalid_order", "invalid_order"]);
    // Within half a minute an unknown key is not looked for again.
    expect(await verify()).toBe("invalid_order");
    expect(fetch).toHaveBeenCalledTimes(1);
    vi.spyOn(Date, "now").mockReturnValue(begun + 31_000);
    expect(await verify()).toBe("valid");
    expect(fetch).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
  });

  test.each<[string, () => Response]>([
    ["a page", () => new Response("<html>")],
    ["an error", () => Response.json({ keys: [] }, { status: 503 })],
    ["no keys", () => Response.json({})],
    ["a redirect", () => Response.redirect("https://evil.test/keys")],
  ])("that are %s are unavailable, which is no verdict on the order", async (name, reply) => {
    published(reply);
    const endpoint = `https://${name.replaceAll(" ", "-")}.test`;
    const error: unknown = await verifyOrder(await signed(), { ...OPTIONS, endpoint }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: "GateUnavailableError", code: "keys_unavailable" });
  });
});

test("a report is signed so that Gate's own library verifies it", async () => {
  const order = { executionId: "exe_1", intentDigest: "d" } as VerifiedOrder;
  const jwk = await exportJWK(privateKey);
  const { compactVerify, importJWK } = await import("jose");
  const proof = await signReport(
    order,
    { outcome: "succeeded", responseDigest: "r" },
    { ...jwk, kty: "OKP" },
  );
  const { payload, protectedHeader } = await compactVerify(
    proof,
    await importJWK({ ...keys.keys[0] }, "EdDSA"),
  );
  expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "gate-report+jwt" });
  expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
    order: "exe_1",
    outcome: "succeeded",
    response_digest: "r",
  });
});
