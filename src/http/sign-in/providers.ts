import { sha256Hex } from "../../core/base/digest.ts";
import type { OidcProvider, SignIn } from "../../core/registry/registry.ts";

/** What stands for a provider in a path; its issuer is its own in the registry. */
export function providerId({ issuer }: OidcProvider): string {
  return sha256Hex(issuer).slice(0, 16);
}

/** Those that a person can sign in with here. Of the others Gate takes tokens, which people get elsewhere. */
export function withButton({ oidc }: SignIn): readonly OidcProvider[] {
  return oidc.filter(({ clientSecret }) => clientSecret !== null);
}
