import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inject, type InjectProblem } from "../../../../src/core/outbound/inject.ts";
import { isMaskable } from "../../../../src/core/masking/secret-strength.ts";
import { masksFor } from "../../../../src/core/masking/masks.ts";
import { anySecret } from "../../../support/random-secrets.ts";
import { slotOf, type Injection } from "../../../../src/core/registry/injection.ts";

const SECRET = "kD4vYp2m!Wq7&Tz9=b";
const REQUEST = {
  url: "https://api.example.com/v1/x?a=b",
  headers: [
    ["accept", "*/*"],
    ["authorization", "Bearer the agent's"],
    ["x-api-key", "the agent's"],
  ] as const,
};

function injected(injection: Injection, secret = SECRET, url = REQUEST.url) {
  const result = inject({ ...REQUEST, url }, injection, secret);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe("injecting a credential", () => {
  test("writes a bearer token", () => {
    const { request, secrets } = injected({ kind: "bearer" });
    expect(request.url).toBe(REQUEST.url);
    expect(request.headers).toEqual([
      ["accept", "*/*"],
      ["x-api-key", "the agent's"],
      ["authorization", `Bearer ${SECRET}`],
    ]);
    expect(secrets).toEqual([SECRET]);
  });

  test("writes basic authentication with the configured user", () => {
    const { request, secrets } = injected({ kind: "basic", user: "anna@example.com/token" });
    expect(request.headers.at(-1)).toEqual([
      "authorization",
      `Basic ${btoa(`anna@example.com/token:${SECRET}`)}`,
    ]);
    const pair = `anna@example.com/token:${SECRET}`;
    expect(secrets).toEqual([SECRET, pair, btoa(pair)]);
  });

  test.for([
    [`AC12:${SECRET}`, [`AC12:${SECRET}`, SECRET]],
    [`${SECRET}:`, [`${SECRET}:`, SECRET]],
    [`${SECRET}:x`, [`${SECRET}:x`, SECRET]],
  ] as const)("writes basic authentication where the secret is the pair: %s", ([pair, masked]) => {
    const { request, secrets } = injected({ kind: "basic", user: null }, pair);
    expect(request.headers.at(-1)).toEqual(["authorization", `Basic ${btoa(pair)}`]);
    expect(secrets).toEqual([...masked, btoa(pair)]);
  });

  test("writes a header in its configured format", () => {
    const token = { kind: "header", name: "X-Api-Key", format: "Token token={secret}" } as const;
    expect(injected(token).request.headers).toEqual([
      ["accept", "*/*"],
      ["authorization", "Bearer the agent's"],
      ["x-api-key", `Token token=${SECRET}`],
    ]);
  });

  test("fills the format once, even when the secret contains the placeholder", () => {
    const odd = "a{secret}$&$1kD4vYp2m";
    const { request } = injected({ kind: "header", name: "x-key", format: "<{secret}>" }, odd);
    expect(request.headers.at(-1)).toEqual(["x-key", `<${odd}>`]);
  });

  test("masks a pair stored as base64 in its decoded form as well", () => {
    const pair = btoa(`anna:${SECRET}`);
    const { secrets } = injected({ kind: "header", name: "Authorization", format: "Basic {secret}" }, pair);
    expect(secrets).toEqual([pair, `anna:${SECRET}`, SECRET]);
  });

  test.for([
    ["https://x.example/a", "https://x.example/a?key="],
    ["https://x.example/a?", "https://x.example/a?key="],
    ["https://x.example/a?b=c", "https://x.example/a?b=c&key="],
    ["https://x.example/a?b=c&", "https://x.example/a?b=c&key="],
    ["https://x.example/a?monkey=1&keys=2&x=key", "https://x.example/a?monkey=1&keys=2&x=key&key="],
  ] as const)("adds a query parameter to %s", ([url, before]) => {
    const { request } = injected({ kind: "query", name: "key" }, SECRET, url);
    expect(request.url).toBe(`${before}kD4vYp2m%21Wq7%26Tz9%3Db`);
    expect(request.headers).toEqual(REQUEST.headers);
    expect(new URL(request.url).href).toBe(request.url);
    expect(new URL(request.url).searchParams.get("key")).toBe(SECRET);
  });

  test("describes its slot without the value", () => {
    expect(slotOf({ kind: "bearer" })).toEqual({ in: "header", name: "authorization" });
    expect(slotOf({ kind: "basic", user: "a" })).toEqual({ in: "header", name: "authorization" });
    expect(slotOf({ kind: "header", name: "X-Key", format: "{secret}" })).toEqual({
      in: "header",
      name: "x-key",
    });
    expect(slotOf({ kind: "query", name: "Key" })).toEqual({ in: "query", name: "Key" });
  });
});

const KEY: Injection = { kind: "query", name: "key" };

const REFUSED: readonly (readonly [Injection, secret: string, url: string, InjectProblem])[] = [
  [{ kind: "bearer" }, "short", "", "too_short"],
  [{ kind: "bearer" }, "", "", "too_short"],
  [{ kind: "bearer" }, "password", "", "guessable"],
  [{ kind: "bearer" }, "kD4vYp2m Wq7", "", "characters"],
  [{ kind: "bearer" }, "kD4vYp2m\r\nX-Evil: 1", "", "characters"],
  [{ kind: "bearer" }, "kD4vYp2m\n", "", "characters"],
  [{ kind: "bearer" }, "kD4v\0Yp2m", "", "characters"],
  [{ kind: "bearer" }, "kD4vYp2mé", "", "characters"],
  [{ kind: "bearer" }, "kD4vYp2m".repeat(2_000), "", "too_long"],
  [{ kind: "header", name: "x-key", format: "{secret}" }, " kD4vYp2m", "", "characters"],
  [{ kind: "header", name: "x-key", format: "{secret}" }, "kD4vYp2m ", "", "characters"],
  [{ kind: "header", name: "x-key", format: "nothing" }, SECRET, "", "slot"],
  [{ kind: "header", name: "x-key", format: "{secret}{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "x-key", format: "{secret}\r\nX: y" }, SECRET, "", "slot"],
  [{ kind: "header", name: "x key", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "x-key:", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "Host", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "Connection", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "Content-Length", format: "{secret}" }, SECRET, "", "slot"],
  [{ kind: "header", name: "Authorization", format: "Basic {secret}" }, btoa("anna:short"), "", "too_short"],
  [{ kind: "basic", user: "an:na" }, SECRET, "", "slot"],
  [{ kind: "basic", user: "anna\r\n" }, SECRET, "", "slot"],
  [{ kind: "basic", user: "änna" }, SECRET, "", "slot"],
  [{ kind: "basic", user: null }, SECRET, "", "characters"],
  [{ kind: "basic", user: null }, "anna:pw-1234", "", "too_short"],
  [{ kind: "query", name: "a b" }, SECRET, "", "slot"],
  [{ kind: "query", name: "a&b" }, SECRET, "", "slot"],
  [{ kind: "query", name: "" }, SECRET, "", "slot"],
  [KEY, SECRET, "?key=mine", "slot_taken"],
  [KEY, SECRET, "?a=b&KEY=mine", "slot_taken"],
  [KEY, SECRET, "?k%65y=mine", "slot_taken"],
  [KEY, SECRET, "?key", "slot_taken"],
  [KEY, SECRET, "?key[]=mine", "slot_taken"],
  [KEY, SECRET, "?key%5B0%5D=mine", "slot_taken"],
  [KEY, SECRET, "?a;key=mine", "slot_taken"],
  [KEY, SECRET, "?+key=mine", "slot_taken"],
];

describe("INV-21: a secret that can't stand in its slot is refused and not quoted", () => {
  test.for(REFUSED)("slot %j, secret %j %s: %s", ([injection, secret, query, problem]) => {
    const url = `https://api.example.com/a${query}`;
    expect(inject({ ...REQUEST, url }, injection, secret)).toEqual({ ok: false, error: problem });
  });
});

test.for<Injection>([
  { kind: "bearer" },
  { kind: "basic", user: "anna" },
  { kind: "header", name: "x-key", format: "v1 {secret};" },
  { kind: "query", name: "key" },
])(
  "INV-21: an injected value is masked when all of it comes back in base64 or hexadecimal: %j",
  (injection) => {
    const { request, secrets } = injected(injection);
    const masks = masksFor(secrets);
    if (!masks.ok) throw new Error(masks.error);
    const sent = injection.kind === "query" ? request.url : (request.headers.at(-1)?.[1] ?? "");
    for (const echo of [btoa(sent), btoa(`{"said":"${sent}"}`), Buffer.from(sent).toString("hex")]) {
      expect(masks.value.text(echo)).toContain("[masked]");
    }
  },
);

test("INV-21: any injected value is masked when it comes back", () => {
  const anyInjection = fc.constantFrom<Injection>(
    { kind: "bearer" },
    { kind: "basic", user: "anna" },
    { kind: "header", name: "x-key", format: "v1 {secret};" },
    { kind: "query", name: "key" },
  );
  fc.assert(
    fc.property(anySecret.filter(isMaskable), anyInjection, (secret, injection) => {
      const result = inject({ url: "https://x.example/", headers: [] }, injection, secret);
      if (!result.ok) throw new Error(result.error);
      const { request, secrets } = result.value;
      const masks = masksFor(secrets);
      if (!masks.ok) throw new Error(masks.error);
      const value = request.headers[0]?.[1] ?? request.url;
      const expected = {
        bearer: "Bearer [masked]",
        basic: "Basic [masked]",
        header: "v1 [masked];",
        query: "https://x.example/?key=[masked]",
      };
      expect(masks.value.text(value).replace(/=+$/, "")).toBe(expected[injection.kind]);
    }),
    { numRuns: 500 },
  );
});
