import type { Channel } from "../../src/core/registry/registry.ts";

/** The people, groups and credentials that the entries below name. */
export const KNOWN = `people:
  ana: { name: Ana Diaz, email: ana@example.com, slack: T0123ABCD/U0456EFGH }
  ben: { name: Ben }
groups: { finance: [ana, ben], bens: [ben] }
credentials:
  url: { ref: env://SLACK_URL }
  bot: { ref: env://SLACK_BOT }
  signing: { ref: env://SLACK_SIGNING }
`;

const COMMON = { for: [], destinations: [], allowPrivate: false } as const;

/** Channels, and what is read. */
export const VALID_CHANNELS: readonly (readonly [string, Channel])[] = [
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

export const hook = (more: string) => `channels: { c: { type: slack_webhook, secret: url, ${more} } }`;
const web = (address: string, more = "") =>
  `channels: { c: { type: webhook, secret: url, url: "${address}"${more} } }`;
export const app = (more: string) =>
  `channels: { c: { type: slack_app, channel: C012345, token: bot, signing_secret: signing, ${more} } }`;
const mail = (more: string) =>
  `channels: { c: { type: email, url: https://m.example.com, secret: url, from: g@example.com, ${more} } }`;
const from = (sender: string) =>
  `channels: { c: { type: email, url: https://m.example.com, secret: url, from: "${sender}" } }`;

/** The rest of a registry with a mistake in its channels, and the expected message. */
export const INVALID_CHANNELS: readonly (readonly [string, string, RegExp])[] = [
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
  ["an empty list of people", hook("for: []"), /is an empty list/],
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
  ["a group without any e-mail address", mail("for: [finance, bens]"), /no member of `bens` has an `email`/],
  [
    "a header that frames the request",
    mail("header: Content-Length"),
    /must be a header that carries a secret/,
  ],
  ["a header with a line break", mail('header: "X\\nY"'), /must be a header's name/],
  ["a format without the secret", mail("format: Bearer"), /must contain `\{secret\}` once/],
  ["a format with a line break", mail('format: "{secret}\\r\\nX: 1"'), /one line/],
  ["a body that is text", mail("body: '{to}'"), /must be a mapping/],
  ["a body with no recipient", mail("body: { text: '{text}' }"), /must contain `\{to\}`/],
  ["a body with no words", mail("body: { to: '{to}' }"), /must contain `\{text\}` or `\{html\}`/],
  ["a slip in a placeholder", mail("body: { to: '{to}', s: '{subjct}' }"), /did you mean `\{subject\}`/],
  ["a body with no number in it", mail("body: { to: '{to}', n: .nan }"), /must be a mapping/],
  [
    "an assurance beyond a channel",
    web("https://x.example.com").replace("webhook", "a2h").replace("secret", "assurance: key, secret"),
    /`link` or `slack`/,
  ],
];
