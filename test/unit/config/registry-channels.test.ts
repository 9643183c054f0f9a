import { expect, test } from "vitest";
import type { Channel } from "../../../src/core/registry/registry.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";

const BASE = `people:
  ana: { name: Ana Diaz, email: ana@example.com, slack: T0123ABCD/U0456EFGH }
  ben: { name: Ben }
groups: { finance: [ana, ben], bens: [ben] }
credentials:
  url: { ref: env://SLACK_URL }
  bot: { ref: env://SLACK_BOT }
  signing: { ref: env://SLACK_SIGNING }
`;

function read(text: string) {
  const parsed = parseRegistry("gate.yaml", BASE + text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function problems(text: string, base = BASE): string {
  const parsed = parseRegistry("gate.yaml", `${base}${text}\n`);
  if (parsed.ok) return "";
  return parsed.error.map(({ line, column, message }) => `${line}:${column}: ${message}`).join("\n");
}

test("a person's account in Slack is its ids of workspace and member", () => {
  const { people } = read("");
  expect(people.get("ana")?.slack).toBe("T0123ABCD/U0456EFGH");
  expect(people.get("ben")?.slack).toBeNull();
});

const COMMON = { for: [], destinations: [], allowPrivate: false } as const;

const VALID: readonly (readonly [string, Channel])[] = [
  ["{ type: slack_webhook, secret: url }", { ...COMMON, id: "c", kind: "slack_webhook", secret: "url" }],
  [
    "{ type: slack_webhook, secret: url, for: [finance, ana, ana], destinations: [stripe.*, a.b] }",
    {
      ...COMMON,
      for: ["finance", "ana"],
      destinations: ["stripe.*", "a.b"],
      id: "c",
      kind: "slack_webhook",
      secret: "url",
    },
  ],
  [
    "{ type: slack_app, channel: C0123456789, token: bot, signing_secret: signing }",
    {
      ...COMMON,
      id: "c",
      kind: "slack_app",
      channel: "C0123456789",
      token: "bot",
      signingSecret: "signing",
      url: "https://slack.com/api",
    },
  ],
  [
    "{ type: webhook, url: 'http://127.0.0.1:9/hook', secret: url, allow_private: true }",
    {
      ...COMMON,
      allowPrivate: true,
      id: "c",
      kind: "webhook",
      url: "http://127.0.0.1:9/hook",
      secret: "url",
    },
  ],
  [
    "{ type: email, url: https://mail.example.com/send, secret: url, from: Gate <gate@example.com> }",
    {
      ...COMMON,
      id: "c",
      kind: "email",
      url: "https://mail.example.com/send",
      secret: "url",
      from: "Gate <gate@example.com>",
      header: "Authorization",
      format: "Bearer {secret}",
      body: null,
    },
  ],
  [
    "{ type: email, url: https://mail.example.com, secret: url, from: gate@example.com, for: [ana], header: X-Key, format: '{secret}', body: { to: ['{to}'], n: { text: 'Hello: {text}', flag: true, none: null } } }",
    {
      ...COMMON,
      for: ["ana"],
      id: "c",
      kind: "email",
      url: "https://mail.example.com",
      secret: "url",
      from: "gate@example.com",
      header: "X-Key",
      format: "{secret}",
      body: { to: ["{to}"], n: { text: "Hello: {text}", flag: true, none: null } },
    },
  ],
  [
    "{ type: a2h, url: https://ask.example.com, secret: url }",
    { ...COMMON, id: "c", kind: "a2h", url: "https://ask.example.com", secret: "url", assurance: "link" },
  ],
  [
    "{ type: a2h, url: https://ask.example.com, secret: url, assurance: slack }",
    { ...COMMON, id: "c", kind: "a2h", url: "https://ask.example.com", secret: "url", assurance: "slack" },
  ],
];

test.each(VALID)("reads the channel %s", (written, expected) => {
  expect(read(`channels: { c: ${written} }\n`).channels.get("c")).toEqual(expected);
});

const hook = (more: string) => `channels: { c: { type: slack_webhook, secret: url, ${more} } }`;
const web = (address: string, more = "") =>
  `channels: { c: { type: webhook, secret: url, url: "${address}"${more} } }`;
const app = (more: string) =>
  `channels: { c: { type: slack_app, channel: C012345, token: bot, signing_secret: signing, ${more} } }`;
const mail = (more: string) =>
  `channels: { c: { type: email, url: https://m.example.com, secret: url, from: g@example.com, ${more} } }`;
const from = (sender: string) =>
  `channels: { c: { type: email, url: https://m.example.com, secret: url, from: "${sender}" } }`;

const INVALID: readonly (readonly [string, string, RegExp])[] = [
  [
    "no type",
    "channels: { c: { secret: url } }",
    /channels\.c\.type is missing: it must be `slack_webhook` or/,
  ],
  [
    "an unknown type",
    "channels: { c: { type: slack } }",
    /9:24: channels\.c\.type must be `slack_webhook` or/,
  ],
  ["a channel that is text", "channels: { c: ops }", /must be a channel such as/],
  ["a list of channels", "channels: [c]", /must be channels by id/],
  ["an id that is no name", 'channels: { "a b": { type: slack_webhook, secret: url } }', /lower-case/],
  [
    "another type's key",
    hook("url: https://x.example.com"),
    /unknown key `url`; known are type, secret, for/,
  ],
  ["a slip in a key", app("chanel: C1"), /did you mean `channel`/],
  ["no secret", "channels: { c: { type: slack_webhook } }", /channels\.c\.secret is missing/],
  ["an unknown credential", "channels: { c: { type: slack_webhook, secret: ulr } }", /did you mean `url`/],
  [
    "an unknown token",
    app("").replace("bot", "boot"),
    /9:\d+: no credential of this name.*did you mean `bot`/,
  ],
  ["an unknown signing secret", app("").replace(": signing,", ": none,"), /no credential of this name/],
  ["an unknown group", hook("for: [finanse]"), /no group or person `finanse`.*did you mean `finance`/],
  ["an empty list of people", hook("for: []"), /lists nothing/],
  ["a destination that is none", hook('destinations: ["*"]'), /must be a destination such as/],
  [
    "a channel of Slack by name",
    app("").replace("C012345", "'#finance'"),
    /must be Slack's id of the channel/,
  ],
  ["plain http", web("http://x.example.com"), /must be https/],
  ["a loopback address", web("https://127.0.0.1/x"), /allow_private/],
  ["loopback in decimal", web("https://2130706433"), /allow_private/],
  ["loopback in IPv6", web("https://[::1]/"), /allow_private/],
  ["the metadata address", web("https://169.254.169.254/"), /allow_private/],
  ["localhost by name", web("https://localhost/"), /allow_private/],
  ["credentials in a URL", web("https://a:b@x.example.com"), /must not hold credentials/],
  ["a token in a URL's query", web("https://x.example.com/?key=1"), /query/],
  ["no URL", web("x.example.com"), /must be a URL/],
  ["a private address of Slack's API", app("url: https://10.0.0.1"), /allow_private/],
  ["a private mail provider", mail("").replace("https://m.example.com", "https://10.0.0.1"), /allow_private/],
  [
    "a private approval provider",
    "channels: { c: { type: a2h, url: https://10.0.0.1, secret: url } }",
    /allow_private/,
  ],
  ["a sender that is none", from("gate"), /must be a sender such as/],
  ["a sender with a line break", from("Gate\\nBcc: x <g@example.com>"), /must be a sender such as/],
  ["two senders", from("g@example.com, h@example.com"), /must be a sender such as/],
  ["a sender with a broken name", from("Gate <gate>"), /must be a sender such as/],
  ["a person without an e-mail", mail("for: [ben]"), /`ben` has no `email`/],
  ["a group of which nobody has an e-mail", mail("for: [finance, bens]"), /nobody in `bens` has an `email`/],
  [
    "a header that frames the request",
    mail("header: Content-Length"),
    /must be a header that carries a secret/,
  ],
  ["a header with a line break", mail('header: "X\\nY"'), /must be a header's name/],
  ["a format without the secret", mail("format: Bearer"), /must say `\{secret\}` once/],
  ["a format with a line break", mail('format: "{secret}\\r\\nX: 1"'), /one line/],
  ["a body that is text", mail("body: '{to}'"), /must be a mapping/],
  ["a body with no recipient", mail("body: { text: '{text}' }"), /must say `\{to\}`/],
  ["a body with no words", mail("body: { to: '{to}' }"), /must say `\{text\}` or `\{html\}`/],
  ["a slip in a placeholder", mail("body: { to: '{to}', s: '{subjct}' }"), /did you mean `\{subject\}`/],
  ["a body with no number in it", mail("body: { to: '{to}', n: .nan }"), /must be a mapping/],
  [
    "an assurance beyond a channel",
    web("https://x.example.com").replace("webhook", "a2h").replace("secret", "assurance: key, secret"),
    /`link` or `slack`/,
  ],
];

test.each(INVALID)("refuses %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

const ACCOUNTS: readonly (readonly [string, string, RegExp])[] = [
  ["a display name in Slack", "people: { a: { name: A, slack: ana } }", /workspace and member/],
  ["a member without a workspace", "people: { a: { name: A, slack: U0456EFGH } }", /workspace and member/],
  [
    "one account in Slack for two people",
    "people:\n  a: { name: A, slack: T0123ABCD/U0456EFGH }\n  b: { name: B, slack: T0123ABCD/U0456EFGH }",
    /^3:24: T0123ABCD\/U0456EFGH is a's already/,
  ],
  [
    "one e-mail address for two people",
    "people: { a: { name: A, email: x@example.com }, b: { name: B, email: X@example.com } }",
    /x@example\.com is a's already/,
  ],
];

test.each(ACCOUNTS)("one account is one person: refuses %s", (_name, text, message) => {
  expect(problems(text, "")).toMatch(message);
});

test("INV-21: a secret written where its name belongs is refused and not repeated", () => {
  const said = [
    problems(
      "channels: { c: { type: slack_webhook, secret: 'https://hooks.slack.com/services/T0/B0/xyz' } }",
    ),
    problems(app("").replace("bot", "xoxb-123-ABC")),
    problems("credentials: { x: sk_live_1 }", ""),
    problems("credentials: { x: { ref: sk-live-1 } }", ""),
  ];
  for (const each of said) expect(each).toMatch(/never stands here/);
  expect(said.join("\n")).not.toMatch(/hooks\.slack\.com|xoxb-123|sk_live_1|sk-live-1/);
});

test.each(["GATE_SECRET", "GATE_ADMIN_KEY", "GATE_SECRET_PREVIOUS", "gate_secret", "LOCAL_SIGN_IN"])(
  "INV-21: no channel can be given Gate's own %s",
  (ref) => {
    expect(problems(`credentials: { x: { ref: "env://${ref}" } }`, "")).toMatch(
      /^1:26: credentials\.x\.ref can't be used: .*(?:Gate's own|capital letters)/,
    );
  },
);

test("Cloudflare Access is named by its team, with the keys it publishes", () => {
  expect(read("sign_in: { access: { team: acme, audience: aud-1 } }\n").signIn).toEqual({
    access: {
      issuer: "https://acme.cloudflareaccess.com",
      audience: "aud-1",
      jwks: "https://acme.cloudflareaccess.com/cdn-cgi/access/certs",
      allowPrivate: false,
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
  });
});

test("an issuer is kept to the letter, and its button says its host unless it has a name", () => {
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
    },
    {
      name: "Staff",
      issuer: "http://127.0.0.1:7",
      audience: "g",
      jwks: "http://127.0.0.1:7/keys",
      clientSecret: null,
      allowPrivate: true,
    },
  ]);
  expect(read("").signIn).toEqual({ access: null, oidc: [] });
});

const oidc = (entries: string) => `sign_in: { oidc: [${entries}] }`;
const access = (entry: string) => `sign_in: { access: { ${entry} } }`;

const SIGN_IN: readonly (readonly [string, string, RegExp])[] = [
  ["an unknown key", "sign_in: { acces: {} }", /did you mean `access`/],
  ["Access without a team", access("audience: a"), /9:12: access takes either `team` or `issuer`/],
  ["Access with both", access("team: a, issuer: https://x.example.com, audience: a"), /either/],
  ["a team that is a host", access("team: acme.cloudflareaccess.com, audience: a"), /team's name only/],
  ["a team that leads elsewhere", access("team: evil.example/, audience: a"), /team's name only/],
  ["no audience", access("team: acme"), /audience is missing/],
  ["an issuer without an audience", oidc("{ issuer: https://x.example.com }"), /audience is missing/],
  ["an empty audience", oidc("{ issuer: https://x.example.com, audience: '' }"), /audience must be/],
  ["a plain http issuer", oidc("{ issuer: http://x.example.com, audience: a }"), /must be https/],
  ["a private issuer", oidc("{ issuer: https://10.0.0.1, audience: a }"), /allow_private/],
  [
    "private keys",
    oidc("{ issuer: https://x.example.com, audience: a, jwks: https://10.0.0.1 }"),
    /allow_private/,
  ],
  [
    "one issuer twice",
    oidc("{ issuer: https://x.example.com, audience: a }, { issuer: https://x.example.com, audience: b }"),
    /named above already/,
  ],
  [
    "the issuer of Access again",
    "sign_in: { access: { team: acme, audience: a }, oidc: [{ issuer: https://acme.cloudflareaccess.com, audience: b }] }",
    /named above already/,
  ],
  [
    "two buttons with one name",
    oidc(
      "{ name: Staff, issuer: https://x.example.com, audience: a }, { name: staff, issuer: https://y.example.com, audience: a }",
    ),
    /two buttons/,
  ],
  [
    "an unknown credential",
    oidc("{ issuer: https://x.example.com, audience: a, client_secret: bott }"),
    /did you mean `bot`/,
  ],
];

test.each(SIGN_IN)("for signing in, refuses %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

test("what is said about people, channels and signing in changes no destination's configuration", () => {
  const hash = (more: string) =>
    read(`destinations: { a.b: {} }\n${more}`).destinations.get("a.b")?.configHash;
  expect(hash(`${hook("for: [ana]")}\n${oidc("{ issuer: https://x.example.com, audience: a }")}\n`)).toBe(
    hash(""),
  );
});
