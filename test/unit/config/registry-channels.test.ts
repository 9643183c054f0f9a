import { expect, test } from "vitest";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { INVALID_ACCOUNTS, INVALID_SIGN_IN, signInWith } from "../../support/account-files.ts";
import { app, hook, INVALID_CHANNELS, KNOWN, VALID_CHANNELS } from "../../support/channel-files.ts";

function read(text: string) {
  const parsed = parseRegistry("gate.yaml", KNOWN + text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function problems(text: string, base = KNOWN): string {
  const parsed = parseRegistry("gate.yaml", `${base}${text}\n`);
  if (parsed.ok) return "";
  return parsed.error.map(({ line, column, message }) => `${line}:${column}: ${message}`).join("\n");
}

test("a person's Slack account is read as workspace id and member id", () => {
  const { people } = read("");
  expect(people.get("ana")?.slack).toBe("T0123ABCD/U0456EFGH");
  expect(people.get("ben")?.slack).toBeNull();
});

test.each(VALID_CHANNELS)("the channel is read: %s", (written, expected) => {
  expect(read(`channels: { c: ${written} }\n`).channels.get("c")).toEqual(expected);
});

test.each(INVALID_CHANNELS)("a channel is refused for %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

test.each(INVALID_ACCOUNTS)(
  "INV-03: one account belongs to one person: the registry is refused for %s",
  (_name, text, message) => {
    expect(problems(text, "")).toMatch(message);
  },
);

test("INV-21: a secret written in place of its name is refused and not repeated in the message", () => {
  const messages = [
    problems(
      "channels: { c: { type: slack_webhook, secret: 'https://hooks.slack.com/services/T0/B0/xyz' } }",
    ),
    problems(app("").replace("bot", "xoxb-123-ABC")),
    problems("credentials: { x: sk_live_1 }", ""),
    problems("credentials: { x: { ref: sk-live-1 } }", ""),
  ];
  for (const each of messages) expect(each).toMatch(/never stands here/);
  expect(messages.join("\n")).not.toMatch(/hooks\.slack\.com|xoxb-123|sk_live_1|sk-live-1/);
});

test.each(["GATE_SECRET", "GATE_ADMIN_KEY", "GATE_SECRET_PREVIOUS", "gate_secret", "LOCAL_SIGN_IN"])(
  "INV-21: no channel can be given Gate's own %s",
  (ref) => {
    expect(problems(`credentials: { x: { ref: "env://${ref}" } }`, "")).toMatch(
      /^1:26: credentials\.x\.ref can't be used: .*(?:Gate's own|capital letters)/,
    );
  },
);

test("Cloudflare Access is configured by team, and its keys are at the team's address", () => {
  expect(read("sign_in: { access: { team: acme, audience: aud-1 } }\n").signIn).toEqual({
    access: {
      issuer: "https://acme.cloudflareaccess.com",
      audience: "aud-1",
      jwks: "https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
      allowPrivate: false,
      emails: "vouched",
    },
    oidc: [],
  });
  const own =
    "sign_in: { access: { issuer: https://login.example.com, audience: a, jwks: https://k.example.com } }\n";
  expect(read(own).signIn.access).toEqual({
    issuer: "https://login.example.com",
    audience: "a",
    jwks: "https://k.example.com",
    allowPrivate: false,
    emails: "vouched",
  });
});

test("an issuer is stored to the letter, and its button shows its host unless it has a name", () => {
  const { oidc } = read(
    "sign_in: { oidc: [{ issuer: https://acme.example.com/, audience: gate, client_secret: bot }, { name: Staff, issuer: 'http://127.0.0.1:7', audience: g, jwks: 'http://127.0.0.1:7/keys', allow_private: true }] }\n",
  ).signIn;
  expect(oidc).toEqual([
    {
      name: "acme.example.com",
      issuer: "https://acme.example.com/",
      audience: "gate",
      jwks: null,
      clientSecret: "bot",
      allowPrivate: false,
      emails: "claimed",
    },
    {
      name: "Staff",
      issuer: "http://127.0.0.1:7",
      audience: "g",
      jwks: "http://127.0.0.1:7/keys",
      clientSecret: null,
      allowPrivate: true,
      emails: "claimed",
    },
  ]);
  expect(read("").signIn).toEqual({ access: null, oidc: [] });
});

test.each(INVALID_SIGN_IN)("sign-in settings are refused for %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

test("people, channels and sign-in settings change no destination's configuration hash", () => {
  const hash = (more: string) =>
    read(`destinations: { a.b: {} }\n${more}`).destinations.get("a.b")?.configHash;
  expect(
    hash(`${hook("for: [ana]")}\n${signInWith("{ issuer: https://x.example.com, audience: a }")}\n`),
  ).toBe(hash(""));
});
