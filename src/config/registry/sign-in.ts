import { z } from "zod";
import type { OidcProvider, SignIn, TrustedIssuer } from "../../core/registry/registry.ts";
import { secretName } from "./channels.ts";
import { storedSecretProblem, type Known } from "./check-channels.ts";
import { checkUpstream } from "./upstream.ts";
import type { Path, PolicyProblem, YamlSource } from "../yaml/source.ts";
import { flag, list, mapping, text, WEB_ADDRESS } from "../yaml/schema-types.ts";

/* `sign_in` of gate.yaml: the issuers that Gate trusts to authenticate people. */

/** A DNS label: the team becomes part of a host name. */
const TEAM = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Path of Cloudflare Access's keys; its applications publish no OpenID configuration. */
const ACCESS_KEYS = "/cdn-cgi/access/certs";

/** Each is a button on the sign-in page. */
const MAX_PROVIDERS = 10;

const issuer = text("the issuer's URL, exactly as in the `iss` claim of its tokens", 500).meta(WEB_ADDRESS);
const audience = text("the `aud` claim of its tokens", 300);
const jwks = text("the URL of the issuer's keys", 500).meta(WEB_ADDRESS);

const access = mapping(
  {
    team: z
      .string({ error: "must be the team's name: acme for acme.cloudflareaccess.com" })
      .regex(TEAM, { error: "must be the team's name only: acme for acme.cloudflareaccess.com" })
      .optional(),
    issuer: issuer.optional(),
    audience,
    jwks: jwks.optional(),
    allow_private: flag().optional(),
  },
  "must be Cloudflare Access, such as {team: acme, audience: …}",
).meta({ oneOf: [{ required: ["team"] }, { required: ["issuer"] }] });

const provider = mapping(
  {
    name: text("the button's text", 60).optional(),
    issuer,
    audience,
    jwks: jwks.optional(),
    client_secret: secretName,
    email_verified: z
      .enum(["required", "trusted"], { error: "must be `required` (the default) or `trusted`" })
      .optional(),
    allow_private: flag().optional(),
  },
  "must be an issuer such as {issuer: https://login.example.com, audience: gate}",
);

export const SIGN_IN = mapping(
  { access: access.optional(), oidc: list(provider, "issuers", MAX_PROVIDERS).optional() },
  "must be {access: …}, {oidc: […]} or both",
).optional();

type WrittenSignIn = NonNullable<z.output<typeof SIGN_IN>>;
type WrittenAccess = NonNullable<WrittenSignIn["access"]>;
type WrittenProvider = NonNullable<WrittenSignIn["oidc"]>[number];

export const NO_SIGN_IN: SignIn = { access: null, oidc: [] };

export function signInOf(written: WrittenSignIn | undefined): SignIn {
  if (written === undefined) return NO_SIGN_IN;
  return {
    access: written.access === undefined ? null : accessOf(written.access),
    oidc: (written.oidc ?? []).map(providerOf),
  };
}

function accessOf(written: WrittenAccess): TrustedIssuer {
  const from = issuerOf(written);
  return {
    issuer: from,
    audience: written.audience,
    jwks: written.jwks ?? `${from.replace(/\/$/, "")}${ACCESS_KEYS}`,
    allowPrivate: written.allow_private ?? false,
    emails: "vouched",
  };
}

function issuerOf({ team, issuer: written }: Pick<WrittenAccess, "team" | "issuer">): string {
  return team === undefined ? (written ?? "") : `https://${team}.cloudflareaccess.com`;
}

function providerOf(written: WrittenProvider): OidcProvider {
  return {
    name: nameOf(written),
    // Verbatim, a trailing slash included: RFC 7519 compares issuers case-sensitively, character by character.
    issuer: written.issuer,
    audience: written.audience,
    jwks: written.jwks ?? null,
    clientSecret: written.client_secret ?? null,
    allowPrivate: written.allow_private ?? false,
    emails: written.email_verified === "trusted" ? "trusted" : "claimed",
  };
}

function nameOf({ name, issuer: from }: Pick<WrittenProvider, "name" | "issuer">): string {
  return name ?? (URL.canParse(from) ? new URL(from).host : from);
}

/** Reports indistinguishable issuers, and addresses from which an attacker could serve keys. */
export function checkSignIn(
  source: YamlSource,
  written: WrittenSignIn,
  known: Pick<Known, "credentials" | "oauth2">,
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const checkUrls = (at: Path, { issuer: from, jwks: keys, allow_private: isPrivate = false }: Urls) => {
    for (const [field, address] of [
      ["issuer", from],
      ["jwks", keys],
    ] as const) {
      const problem = address === undefined ? null : checkUpstream(address, isPrivate);
      if (problem !== null) problems.push(source.problemAt([...at, field], problem));
    }
  };
  const issuers = new Set<string>();
  const names = new Set<string>();
  if (written.access !== undefined) {
    const at = ["sign_in", "access"];
    if ((written.access.team === undefined) === (written.access.issuer === undefined)) {
      const message = "access takes either `team` or `issuer`, and exactly one of them";
      problems.push(source.problemAtKey(at, message));
    }
    checkUrls(at, written.access);
    issuers.add(issuerOf(written.access));
  }
  written.oidc?.forEach((each, index) => {
    const at = ["sign_in", "oidc", index];
    checkUrls(at, each);
    if (issuers.has(each.issuer)) {
      problems.push(source.problemAt([...at, "issuer"], `${each.issuer} is listed above already`));
    }
    issuers.add(each.issuer);
    const shown = nameOf(each);
    if (names.has(shown.toLowerCase())) {
      const message = `two buttons would have the text ${shown}; give each a \`name\` of its own`;
      problems.push(source.problemAt([...at, each.name === undefined ? "issuer" : "name"], message));
    }
    names.add(shown.toLowerCase());
    const problem = each.client_secret === undefined ? null : storedSecretProblem(each.client_secret, known);
    if (problem !== null) problems.push(source.problemAt([...at, "client_secret"], problem));
  });
  return problems;
}

interface Urls {
  readonly issuer?: string | undefined;
  readonly jwks?: string | undefined;
  readonly allow_private?: boolean | undefined;
}
