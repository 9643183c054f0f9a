import { z } from "zod";
import type { OAuth2Credential, OAuth2Grant } from "../../core/registry/credential.ts";
import type { SecretRef } from "../../core/registry/secret-ref.ts";
import type { Path, PolicyProblem, YamlSource } from "../yaml/source.ts";
import { choice, flag, mapping, text, WEB_ADDRESS, wholeNumber } from "../yaml/schema-types.ts";
import { NEVER, secretRef } from "./secret-refs.ts";
import { checkUpstream } from "./upstream.ts";

/* `oauth2` of a credential: how Gate obtains access tokens for a destination. */

/** RFC 6749 section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;
const A_SCOPE = "must be scopes separated by single blanks, such as https://graph.microsoft.com/.default";

/** RFC 6749 appendix A.1. */
const CLIENT_ID = /^[\x20-\x7e]+$/;
const A_CLIENT_ID = `must be the client's id at the provider, in printable ASCII; ${NEVER}`;

/**
 * Of a token whose response names no lifetime. Salesforce is such a provider, and the shortest session that it can be
 * set to lasts 15 minutes.
 */
const DEFAULT_LIFETIME_SECONDS = 600;

/** A token that is trusted for longer outlives the reason it was given for. */
const MAX_LIFETIME_SECONDS = 86_400;

const AN_OAUTH2 = `must be {token_url: …, client_id: …, secret_ref: …, grant: client_credentials}; ${NEVER}`;

const COMMON = {
  token_url: text("the provider's token endpoint, such as https://login.example.com/oauth2/token", 500).meta(
    WEB_ADDRESS,
  ),
  client_id: z
    .string({ error: A_CLIENT_ID })
    .max(300, { error: A_CLIENT_ID })
    .regex(CLIENT_ID, { error: A_CLIENT_ID }),
  secret_ref: secretRef,
  client_auth: choice(["client_secret_post", "client_secret_basic"]).optional(),
  scope: z
    .string({ error: A_SCOPE })
    .max(2_000, { error: A_SCOPE })
    .regex(SCOPE, { error: A_SCOPE })
    .optional(),
  lifetime_seconds: wholeNumber(
    "seconds that a token lasts whose response does not say",
    1,
    MAX_LIFETIME_SECONDS,
  ).optional(),
  allow_private: flag().optional(),
} as const;

const audience = text("the provider's name for the receiver of the token", 500);

const ofClientCredentials = mapping(
  { grant: z.literal("client_credentials"), ...COMMON, audience: audience.optional() },
  AN_OAUTH2,
);

const ofJwtBearer = mapping(
  {
    grant: z.literal("jwt_bearer"),
    ...COMMON,
    client_secret_ref: secretRef.optional(),
    subject: text("the user that the token acts as, such as an address", 500).optional(),
    audience: audience.optional(),
    key_id: text("the key's id at the provider", 200).optional(),
  },
  AN_OAUTH2,
);

const ofRefreshToken = mapping(
  {
    grant: z.literal("refresh_token"),
    ...COMMON,
    client_secret_ref: secretRef.optional(),
    rotation: choice(["refuse", "ignore"]).optional(),
  },
  AN_OAUTH2,
);

export const OAUTH2 = z.discriminatedUnion("grant", [ofClientCredentials, ofJwtBearer, ofRefreshToken], {
  error: (issue) =>
    issue.code === "invalid_union"
      ? "must be `client_credentials` or `jwt_bearer` or `refresh_token`"
      : AN_OAUTH2,
});

type WrittenOAuth2 = z.output<typeof OAUTH2>;

export function oauth2Of(written: WrittenOAuth2): OAuth2Credential {
  return {
    kind: "oauth2",
    tokenUrl: written.token_url,
    clientId: written.client_id,
    clientAuthentication: written.client_auth ?? "client_secret_post",
    scope: written.scope ?? null,
    lifetimeMs: (written.lifetime_seconds ?? DEFAULT_LIFETIME_SECONDS) * 1000,
    allowPrivate: written.allow_private ?? false,
    grant: grantOf(written),
  };
}

function grantOf(written: WrittenOAuth2): OAuth2Grant {
  const { secret_ref: ref } = written;
  switch (written.grant) {
    case "client_credentials":
      return { type: "client_credentials", clientSecret: ref, audience: written.audience ?? null };
    case "jwt_bearer":
      return {
        type: "jwt_bearer",
        privateKey: ref,
        clientSecret: written.client_secret_ref ?? null,
        subject: written.subject ?? null,
        // RFC 7523 section 3: the token endpoint's URL identifies the authorization server.
        audience: written.audience ?? written.token_url,
        keyId: written.key_id ?? null,
      };
    case "refresh_token":
      return {
        type: "refresh_token",
        refreshToken: ref,
        clientSecret: written.client_secret_ref ?? null,
        rotation: written.rotation ?? "refuse",
      };
  }
}

/** The references of an entry, each by its key. */
export function refsOfOAuth2(written: WrittenOAuth2): readonly (readonly [string, SecretRef])[] {
  const { secret_ref: ref } = written;
  const more = "client_secret_ref" in written ? written.client_secret_ref : undefined;
  return [["secret_ref", ref], ...(more === undefined ? [] : [["client_secret_ref", more] as const])];
}

/** Reports addresses that secrets must not be sent to, and an authentication without a secret. */
export function checkOAuth2(source: YamlSource, at: Path, written: WrittenOAuth2): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const address = checkUpstream(written.token_url, written.allow_private ?? false);
  if (address !== null) problems.push(source.problemAt([...at, "token_url"], `token_url ${address}`));
  const isPublic = written.grant !== "client_credentials" && written.client_secret_ref === undefined;
  if (isPublic && written.client_auth !== undefined) {
    const message = "client_auth says how the client's secret is sent; add `client_secret_ref`, or remove it";
    problems.push(source.problemAtKey([...at, "client_auth"], message));
  }
  return problems;
}
