import { CompactSign, decodeJwt, exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { admin, call, eventsOf, proposal, register } from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
let jwk: JWK;

beforeAll(async () => {
  await changeRules({
    ...RULES,
    registry: `${RULES.registry}  own.proven: { policies: [small], proof: required }\n`,
  });
  agent = await register("agent");
  keys = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const { kty, crv, x } = await exportJWK(keys.publicKey);
  jwk = { kty: kty ?? "", crv: crv ?? "", x: x ?? "" };
  await call("POST", `/v1/agents/${agent.id}/report-key`, admin, { jwk });
});

async function order(destination = "crm.small") {
  const { body } = await call("POST", "/v1/intents", agent.key, proposal(destination));
  return (await call("POST", `/v1/intents/${body.intentId}/execute`, agent.key)).body;
}

async function signed(
  claims: unknown,
  header: Record<string, string> = {},
  key = keys.privateKey,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "EdDSA", typ: "gate-report+jwt", ...header })
    .sign(key);
}

function claimsFor(
  issued: { executionId: string; intent_digest: string },
  more: Record<string, unknown> = {},
) {
  return {
    order: issued.executionId,
    intent_digest: issued.intent_digest,
    outcome: "succeeded",
    response_digest: "ab".repeat(32),
    provider_reference: "re_123",
    ...more,
  };
}

function report(issued: { executionId: string; execution_token: string }, body: Record<string, unknown>) {
  return call("POST", `/v1/executions/${issued.executionId}/report`, issued.execution_token, {
    status: "succeeded",
    ...body,
  });
}

test("a report signed with the registered key is verified, and an unsigned one is not", async () => {
  const [first, second] = [await order(), await order()];
  expect((await report(first, { proof: await signed(claimsFor(first)) })).body.proof).toBe("verified");
  expect((await report(second, {})).body.proof).toBe("none");
});

test("an order names the report key of its holder", async () => {
  const issued = await order();
  const claims = decodeJwt(issued.order);
  expect(claims["cnf"]).toEqual({ jkt: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) });
});

describe("INV-04: a signed report is refused and the order stays open", () => {
  test.each<[string, Record<string, unknown>]>([
    ["another order", { order: "exe_other" }],
    ["another intent", { intent_digest: "00".repeat(32) }],
    ["another outcome", { outcome: "failed" }],
  ])("when it names %s", async (_, change) => {
    const issued = await order();
    const refused = await report(issued, { proof: await signed(claimsFor(issued, change)) });
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_proof"]);
    expect((await report(issued, {})).status).toBe(200);
  });

  test("when it has another signer, another type or is no JWS", async () => {
    const issued = await order();
    const other = await generateKeyPair("EdDSA", { crv: "Ed25519" });
    const claims = claimsFor(issued);
    for (const proof of [
      await signed(claims, {}, other.privateKey),
      await signed(claims, { typ: "gate-order+jwt" }),
      `${btoa('{"alg":"none","typ":"gate-report+jwt"}')}.${btoa(JSON.stringify(claims))}.`,
      "not a signature",
      issued.order,
    ]) {
      expect((await report(issued, { proof })).body.code).toBe("invalid_proof");
    }
  });
});

describe("a destination that requires proof", () => {
  test("refuses an unsigned report and accepts a signed one", async () => {
    const issued = await order("own.proven");
    const refused = await report(issued, {});
    expect([refused.status, refused.body.code]).toEqual([409, "proof_required"]);
    expect((await report(issued, { proof: await signed(claimsFor(issued)) })).status).toBe(200);
    expect(await eventsOf(issued.intent_id)).toContain("execution_succeeded");
  });
});

test("roles: only an admin registers a report key, and only an Ed25519 one", async () => {
  const reviewer = await register("reviewer");
  for (const key of [agent.key, reviewer.key]) {
    expect((await call("POST", `/v1/agents/${agent.id}/report-key`, key, { jwk })).status).toBe(403);
  }
  for (const bad of [
    {},
    { jwk: { kty: "EC", crv: "P-256", x: jwk.x } },
    { jwk: { ...jwk, x: "short" } },
    { jwk: "x" },
  ]) {
    expect((await call("POST", `/v1/agents/${agent.id}/report-key`, admin, bad)).status).toBe(400);
  }
  expect((await call("POST", `/v1/agents/${reviewer.id}/report-key`, admin, { jwk })).status).toBe(400);
});
