import type { SecretRef } from "./secret-ref.ts";

/** How Gate gets what it injects: a secret that is stored, or an access token that it obtains with one. */
export type Credential = StoredCredential | OAuth2Credential;

export interface StoredCredential {
  readonly kind: "stored";
  readonly ref: SecretRef;
}

/** RFC 6749 section 2.3.1, both forms. */
export type ClientAuthentication = "client_secret_post" | "client_secret_basic";

export interface OAuth2Credential {
  readonly kind: "oauth2";
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /** Separated by blanks; null: what the provider gives by default. */
  readonly scope: string | null;
  /** Of a token whose response names no lifetime. */
  readonly lifetimeMs: number;
  /** The operator set `allow_private`: plain http and private addresses are allowed. */
  readonly allowPrivate: boolean;
  readonly grant: OAuth2Grant;
}

export type OAuth2Grant =
  /** RFC 6749 section 4.4. */
  | {
      readonly type: "client_credentials";
      readonly clientSecret: SecretRef;
      /** The parameter `audience`, which some providers require; null: none. */
      readonly audience: string | null;
    }
  /** RFC 7523 section 2.1: an assertion that Gate signs with RS256. */
  | {
      readonly type: "jwt_bearer";
      readonly privateKey: SecretRef;
      /** Null: the assertion alone identifies the client. */
      readonly clientSecret: SecretRef | null;
      /** The claim `sub`; null: none, as for a Google service account of its own. */
      readonly subject: string | null;
      /** The claim `aud`. */
      readonly audience: string;
      /** The header `kid`; null: that of the key file, if it has one. */
      readonly keyId: string | null;
    }
  /** RFC 6749 section 6. */
  | {
      readonly type: "refresh_token";
      readonly refreshToken: SecretRef;
      /** Null: a public client. */
      readonly clientSecret: SecretRef | null;
      /** What happens to a response that replaces the refresh token. */
      readonly rotation: "refuse" | "ignore";
    };

/** The stored secrets that a credential needs, the one that it is named by first. */
export function secretRefsOf(credential: Credential): readonly [SecretRef, ...SecretRef[]] {
  if (credential.kind === "stored") return [credential.ref];
  const { grant } = credential;
  switch (grant.type) {
    case "client_credentials":
      return [grant.clientSecret];
    case "jwt_bearer":
      return [grant.privateKey, ...optional(grant.clientSecret)];
    case "refresh_token":
      return [grant.refreshToken, ...optional(grant.clientSecret)];
  }
}

function optional(ref: SecretRef | null): readonly SecretRef[] {
  return ref === null ? [] : [ref];
}
