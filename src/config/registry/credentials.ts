import { z } from "zod";
import type { OwnSecretRef, SecretRef } from "../../core/registry/secret-ref.ts";
import { parseSecretRef } from "../../core/registry/secret-ref.ts";
import { PROVIDER_OF, type VaultConnection } from "../../core/registry/vault-connection.ts";
import type { PolicyProblem, YamlSource } from "../yaml/source.ts";
import { editorPattern, mapping, name } from "../yaml/schema-types.ts";

/* `credentials` of gate.yaml: where each secret is. The secret itself is refused and never repeated in a message. */

/** Gate's own variables without the prefix `GATE_`. A credential must not send them to a channel or an upstream. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  "LOCAL_SIGN_IN",
  "MAX_PAYLOAD_BYTES",
  "PUBLIC_FEED_ENABLED",
]);

const NEVER = "the secret itself never stands here";

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

const secretRef = z
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

export const CREDENTIALS = z
  .record(
    name("a credential's name"),
    mapping({ ref: secretRef }, `must be {ref: …}, where the secret is; ${NEVER}`),
    { error: "must be credentials by name, such as {sfdc: {ref: env://SFDC_TOKEN}}" },
  )
  .optional();

type WrittenCredentials = NonNullable<z.output<typeof CREDENTIALS>>;

/** An example connection for each provider. */
const EXAMPLE_OF = {
  "1password": "{type: 1password, url: https://connect.example.com, token: env://OP_TOKEN}",
  hashicorp:
    "{type: hashicorp, url: https://vault.example.com, auth: {method: token, token: env://VAULT_TOKEN}}",
  aws: "{type: aws, region: eu-west-1, access_key_id: env://AWS_ID, secret_access_key: env://AWS_KEY}",
  azure: "{type: azure, tenant: …, client_id: …, client_secret: env://AZURE_CLIENT_SECRET}",
  doppler: "{type: doppler, token: env://DOPPLER_TOKEN}",
} as const satisfies Record<VaultConnection["provider"], string>;

/** Reports credentials whose vault has no connection under `vaults`. */
export function checkCredentials(
  source: YamlSource,
  credentials: WrittenCredentials,
  vaults: ReadonlySet<string>,
): readonly PolicyProblem[] {
  return Object.entries(credentials).flatMap(([id, { ref }]) => {
    if (ref.scheme === "env" || ref.scheme === "secrets-store") return [];
    const provider = PROVIDER_OF[ref.scheme];
    if (vaults.has(provider)) return [];
    const message = `${ref.scheme}:// needs a vault of type ${provider}; add vaults: {${provider}: ${EXAMPLE_OF[provider]}}`;
    return [source.problemAt(["credentials", id, "ref"], message)];
  });
}
