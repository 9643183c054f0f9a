import { credentialIdentity } from "../../core/outbound/credential-identity.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { sameSecret } from "./tokens.ts";
import type { Ports } from "../../ports/ports.ts";

type Keyed = Pick<Ports, "acceptedTokens">;

/** The keyed digest that an approval binds of the account behind the agent's own credentials. */
export function credentialDigest(credentials: readonly Header[], { acceptedTokens }: Keyed): string {
  return acceptedTokens("credential", credentialIdentity(credentials))[0];
}

/**
 * Are these the credentials of the account that the write was proposed for? Under every secret in force, because a held
 * write outlives a rotation. A write that Gate credentials, or that is older than the binding, is bound to none.
 */
export function isBoundCredential(
  { sending, credential }: Pick<IntentState["terms"], "sending" | "credential">,
  credentials: readonly Header[],
  { acceptedTokens }: Keyed,
): boolean {
  if (sending !== "on_repeat" || credential === undefined) return true;
  return acceptedTokens("credential", credentialIdentity(credentials)).some((digest) =>
    sameSecret(digest, credential),
  );
}
