import { z } from "zod";
import type { OwnSecretRef, SecretRef } from "../../core/registry/secret-ref.ts";
import { parseSecretRef } from "../../core/registry/secret-ref.ts";
import { editorPattern } from "../yaml/schema-types.ts";

/* References to secrets in gate.yaml. The secret itself is refused and never repeated in a message. */

/** Gate's own variables without the prefix `GATE_`. A credential must not send them to a channel or an upstream. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  "LOCAL_SIGN_IN",
  "LOCAL_START",
  "MAX_PAYLOAD_BYTES",
  "PUBLIC_FEED_AGENT_NAME",
  "PUBLIC_FEED_ENABLED",
]);

export const NEVER = "the secret itself never stands here";

const A_REF = `must be where the secret is, such as env://STRIPE_API_KEY; ${NEVER}`;

/** For editors, an approximation of `parseSecretRef`. */
const OWN_REF = String.raw`(?:env://(?!(?:${[...OWN_VARIABLES].join("|")})$)|secrets-store://)(?!GATE_)[A-Z_][A-Z0-9_]*`;
const VAULT_REF = [
  String.raw`op://[^/?]+(?:/[^/?]+){2,3}`,
  String.raw`vault://[^#?]+#[^#?]+(?:\?version=[1-9]\d*)?`,
  String.raw`aws-sm://[^#?]+(?:#[^#?]+)?(?:\?(?:stage|version)=[^#?&]+)?`,
  String.raw`azkv://[^/]+/[^/]+(?:/[^/]+)?`,
  String.raw`doppler://[^/]+/[^/]+/[A-Z_][A-Z0-9_]*`,
].join("|");

export const secretRef = z
  .string({ error: A_REF })
  .transform((written, context): SecretRef => {
    const ref = parseSecretRef(written);
    const problem = ref.ok ? ownVariable(ref.value) : ref.error;
    if (ref.ok && problem === null) return ref.value;
    context.addIssue({ code: "custom", message: `can't be used: ${problem}; ${NEVER}` });
    return z.NEVER;
  })
  .meta(editorPattern(`^(?:${OWN_REF}|${VAULT_REF})$`, A_REF));

const A_VAULT_CREDENTIAL = `must be env://NAME or secrets-store://BINDING, since no vault can hold its own credential; ${NEVER}`;

/** A reference to a vault's own credential, which can't be in a vault. */
export const vaultCredential = secretRef
  .transform((ref, context): OwnSecretRef => {
    if (ref.scheme === "env" || ref.scheme === "secrets-store") return ref;
    context.addIssue({ code: "custom", message: A_VAULT_CREDENTIAL });
    return z.NEVER;
  })
  .meta(editorPattern(`^${OWN_REF}$`, A_VAULT_CREDENTIAL));

function ownVariable(ref: SecretRef): string | null {
  if (ref.scheme !== "env" || !OWN_VARIABLES.has(ref.name)) return null;
  return `${ref.name} is Gate's own and is never sent; name another variable`;
}
