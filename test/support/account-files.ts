/** Registries in which an account of a person is none, or two people's. */
export const INVALID_ACCOUNTS: readonly (readonly [string, string, RegExp])[] = [
  ["a display name in Slack", "people: { a: { name: A, slack: ana } }", /workspace and member/],
  ["a member without a workspace", "people: { a: { name: A, slack: U0456EFGH } }", /workspace and member/],
  [
    "one account in Slack for two people",
    "people:\n  a: { name: A, slack: T0123ABCD/U0456EFGH }\n  b: { name: B, slack: T0123ABCD/U0456EFGH }",
    /^3:24: T0123ABCD\/U0456EFGH belongs to a already/,
  ],
  [
    "one e-mail address for two people",
    "people: { a: { name: A, email: x@example.com }, b: { name: B, email: X@example.com } }",
    /x@example\.com belongs to a already/,
  ],
];

export const signInWith = (entries: string) => `sign_in: { oidc: [${entries}] }`;
const access = (entry: string) => `sign_in: { access: { ${entry} } }`;

/** The rest of a registry with a mistake in `sign_in`, and the expected message. */
export const INVALID_SIGN_IN: readonly (readonly [string, string, RegExp])[] = [
  ["an unknown key", "sign_in: { acces: {} }", /did you mean `access`/],
  ["Access without a team", access("audience: a"), /9:12: access takes either `team` or `issuer`/],
  ["Access with both", access("team: a, issuer: https://x.example.com, audience: a"), /either/],
  ["a team that is a host", access("team: acme.cloudflareaccess.com, audience: a"), /team's name only/],
  ["a team that leads elsewhere", access("team: evil.example/, audience: a"), /team's name only/],
  ["no audience", access("team: acme"), /audience is missing/],
  ["an issuer without an audience", signInWith("{ issuer: https://x.example.com }"), /audience is missing/],
  ["an empty audience", signInWith("{ issuer: https://x.example.com, audience: '' }"), /audience must be/],
  ["a plain http issuer", signInWith("{ issuer: http://x.example.com, audience: a }"), /must be https/],
  ["a private issuer", signInWith("{ issuer: https://10.0.0.1, audience: a }"), /allow_private/],
  [
    "private keys",
    signInWith("{ issuer: https://x.example.com, audience: a, jwks: https://10.0.0.1 }"),
    /allow_private/,
  ],
  [
    "one issuer twice",
    signInWith(
      "{ issuer: https://x.example.com, audience: a }, { issuer: https://x.example.com, audience: b }",
    ),
    /listed above already/,
  ],
  [
    "the issuer of Access again",
    "sign_in: { access: { team: acme, audience: a }, oidc: [{ issuer: https://acme.cloudflareaccess.com, audience: b }] }",
    /listed above already/,
  ],
  [
    "two buttons with one name",
    signInWith(
      "{ name: Staff, issuer: https://x.example.com, audience: a }, { name: staff, issuer: https://y.example.com, audience: a }",
    ),
    /two buttons/,
  ],
  [
    "an unknown credential",
    signInWith("{ issuer: https://x.example.com, audience: a, client_secret: bott }"),
    /did you mean `bot`/,
  ],
];
