import { createPrivateKey, type JsonWebKey, sign } from "node:crypto";

/** A compact JWS by an Ed25519 key (RFC 7515, RFC 8037). */
export function signed(header: object, claims: object, key: JsonWebKey): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const bytes = Buffer.from(parts.join("."));
  const signature = sign(null, bytes, createPrivateKey({ key, format: "jwk" }));
  return [...parts, signature.toString("base64url")].join(".");
}

/** What the issuer of `gate.yaml` knows of the one account it has, and the key it signs with. */
export interface Account {
  readonly claims: { readonly iss: string; readonly aud: string; readonly sub: string };
  readonly email: string;
  readonly key: JsonWebKey;
}

/** An ID token of the account's, good for five minutes. */
export function tokenOf({ claims, email, key }: Account): string {
  const now = Math.floor(Date.now() / 1000);
  const said = { ...claims, email, email_verified: true, iat: now, exp: now + 300 };
  return signed({ alg: "EdDSA", kid: "staff" }, said, key);
}
