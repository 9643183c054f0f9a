import { sha256Hex } from "../../core/base/digest.ts";
import type { OidcProvider, SignIn } from "../../core/registry/registry.ts";

/** The provider's segment in a path; the registry has no issuer twice. */
export function providerId({ issuer }: OidcProvider): string {
  return sha256Hex(issuer).slice(0, 16);
}

/** Providers with a button on the sign-in page. From the others Gate only accepts tokens. */
export function withButton({ oidc }: SignIn): readonly OidcProvider[] {
  return oidc.filter(({ clientSecret }) => clientSecret !== null);
}
