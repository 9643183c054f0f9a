import { sha256Hex } from "../../core/base/digest.ts";
import type { OidcProvider, SignIn } from "../../core/registry/registry.ts";

/** The provider's path segment: 16 hex digits of the issuer's digest, as the registry has each issuer once. */
export function providerId({ issuer }: OidcProvider): string {
  return sha256Hex(issuer).slice(0, 16);
}

/** Providers with a button on the sign-in page; from those without a client secret Gate only accepts tokens. */
export function withButton({ oidc }: SignIn): readonly OidcProvider[] {
  return oidc.filter(({ clientSecret }) => clientSecret !== null);
}
