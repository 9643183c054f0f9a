import { type Principal } from "../../support/client.ts";
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { InjectProblem } from "../../../src/core/outbound/inject.ts";
import { problemOfCall } from "../../../src/http/proxy/relay-response.ts";
import type { VaultProblem } from "../../../src/ports/vault.ts";
import { bindings } from "../../support/worker/bindings.ts";
import {
  call,
  eventsOf,
  later,
  MINUTE_MS,
  objectOf,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import {
  type Arrived,
  CREDENTIAL,
  heldThrough,
  through,
  upstream,
} from "../../support/worker/sent-writes.ts";

/* A secret that can't be used is known before a byte is sent, so that no answer may read "sent, outcome unknown". */

let agent: Principal;
let reviewer: Principal;
let arrived: Arrived[];

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  const to = `upstream: "https://api.example.com", credential: up`;
  await changeRules({
    policies: { ...RULES.policies, small: "auto_approve_under: 100" },
    registry: `${people}
destinations:
  crm.small: { policies: [small], ${to}, prefix: /now, reads: [{ method: GET, path: /things }] }
  crm.held: { policies: [held], ${to}, prefix: /held }
credentials: { up: { ref: env://UP_KEY } }
`,
  });
});

beforeEach(() => {
  arrived = upstream(() => Response.json({ id: 1 }));
});

const UNUSABLE: readonly (readonly [string, unknown])[] = [
  ["with a line break at its end", `${CREDENTIAL}\n`],
  ["with a header of its own", `${CREDENTIAL}\r\nHost: evil.example`],
  ["that is a number", 12_345_678_901],
  ["of bytes that are no text", `${CREDENTIAL}\ufffd`],
  ["with NUL", `${CREDENTIAL}\0`],
  ["too short", "abc"],
  ["of 65 KiB", "x".repeat(65 * 1024)],
  ["that is guessable", "password1234"],
  ["that is not there", undefined],
];

describe.each(UNUSABLE)("INV-24: a secret %s", (_, secret) => {
  beforeEach(() => {
    bindings["UP_KEY"] = secret;
    if (secret === undefined) delete bindings["UP_KEY"];
  });

  test("answers a read 503 credential_unavailable", async () => {
    const read = await through(agent, { path: "/now/things", method: "GET", body: null });
    expect([read.status, read.body.code, read.body.sent]).toEqual([503, "credential_unavailable", false]);
    expect(arrived).toHaveLength(0);
  });

  test("answers a write 503 credential_unavailable, and the repeat under a mended secret is sent once", async () => {
    const wanted = { path: "/now/things", body: JSON.stringify({ for: crypto.randomUUID() }) };
    const sent = await through(agent, wanted);
    expect([sent.status, sent.body.code, sent.body.sent]).toEqual([503, "credential_unavailable", false]);
    const { intent_id: intent } = sent.body;
    expect(await stateOf(intent)).toBe("scheduled");
    bindings["UP_KEY"] = CREDENTIAL;
    later(MINUTE_MS);
    const again = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": intent } });
    expect([again.status, arrived.length]).toEqual([200, 1]);
    expect(await eventsOf(intent)).toContain("execution_claim_undone");
  });
});

test.each(UNUSABLE.slice(0, 2))(
  "INV-24: a secret %s is said of a held write, which Gate sends by itself once it is mended",
  async (_, secret) => {
    bindings["UP_KEY"] = secret;
    const wanted = { path: "/held/things", body: JSON.stringify({ for: crypto.randomUUID() }) };
    const intent = await heldThrough(agent, wanted);
    await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
    await until(async () => {
      // Between two attempts; during one it is being sent.
      const waiting = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": intent } });
      expect([waiting.status, waiting.body.problem]).toEqual([202, "credential_unavailable"]);
      expect(waiting.body.message).toMatch(/^Not sent yet: /);
    });
    bindings["UP_KEY"] = CREDENTIAL;
    later(10 * MINUTE_MS);
    await until(async () => {
      await runDurableObjectAlarm(objectOf(intent));
      expect(await stateOf(intent)).toBe("succeeded");
    });
    expect(arrived).toHaveLength(1);
  },
);

const VAULT_PROBLEMS = [
  "not_configured",
  "denied",
  "not_found",
  "rate_limited",
  "unavailable",
  "timeout",
  "invalid_response",
  "too_large",
  "too_short",
  "refused_address",
] as const satisfies readonly VaultProblem[];

const INJECT_PROBLEMS = [
  "too_short",
  "too_long",
  "characters",
  "guessable",
  "slot",
  "slot_taken",
] as const satisfies readonly InjectProblem[];

test.each([...VAULT_PROBLEMS, ...INJECT_PROBLEMS])(
  "INV-24: the credential's problem %s is 503 credential_unavailable, though an upstream can have one of this name",
  (problem) => {
    const failure = { problem, source: "credential", detail: "-", sent: false } as const;
    expect(problemOfCall(failure)).toMatchObject({ status: 503, code: "credential_unavailable" });
  },
);

test.each(["unreachable", "refused_address", "stopped"] as const)(
  "INV-11: a request that can't be sent (%s) is 503 request_not_sent, never 502",
  (problem) => {
    const failure = { problem, source: "request", detail: "-", sent: false } as const;
    expect(problemOfCall(failure)).toMatchObject({ status: 503, code: "request_not_sent" });
  },
);
