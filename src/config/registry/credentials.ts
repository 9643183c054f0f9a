import { z } from "zod";
import type { Credential } from "../../core/registry/credential.ts";
import type { SecretRef } from "../../core/registry/secret-ref.ts";
import { PROVIDER_OF, type VaultConnection } from "../../core/registry/vault-connection.ts";
import type { Path, PolicyProblem, YamlSource } from "../yaml/source.ts";
import { mapping, name } from "../yaml/schema-types.ts";
import { checkOAuth2, OAUTH2, oauth2Of, refsOfOAuth2 } from "./oauth2.ts";
import { NEVER, secretRef } from "./secret-refs.ts";

/* `credentials` of gate.yaml: where each secret is, or how Gate obtains a token with one. */

export const CREDENTIALS = z
  .record(
    name("a credential's name"),
    mapping(
      { ref: secretRef.optional(), oauth2: OAUTH2.optional() },
      `must be {ref: …}, where the secret is, or {oauth2: …}; ${NEVER}`,
    ).meta({ oneOf: [{ required: ["ref"] }, { required: ["oauth2"] }] }),
    { error: "must be credentials by name, such as {sfdc: {ref: env://SFDC_TOKEN}}" },
  )
  .optional();

type WrittenCredentials = NonNullable<z.output<typeof CREDENTIALS>>;
type WrittenCredential = WrittenCredentials[string];

/** @throws {Error} for an entry that `checkCredentials` reports */
export function credentialFrom({ ref, oauth2 }: WrittenCredential): Credential {
  if (ref !== undefined) return { kind: "stored", ref };
  if (oauth2 === undefined) throw new Error("invariant: a checked credential has `ref` or `oauth2`");
  return oauth2Of(oauth2);
}

/** The names of credentials whose tokens Gate obtains. */
export function oauth2Names(credentials: WrittenCredentials = {}): ReadonlySet<string> {
  const entries = Object.entries(credentials).filter(([, { oauth2 }]) => oauth2 !== undefined);
  return new Set(entries.map(([id]) => id));
}

/** An example connection for each provider. */
const EXAMPLE_OF = {
  "1password": "{type: 1password, url: https://connect.example.com, token: env://OP_TOKEN}",
  hashicorp:
    "{type: hashicorp, url: https://vault.example.com, auth: {method: token, token: env://VAULT_TOKEN}}",
  aws: "{type: aws, region: eu-west-1, access_key_id: env://AWS_ID, secret_access_key: env://AWS_KEY}",
  azure: "{type: azure, tenant: …, client_id: …, client_secret: env://AZURE_CLIENT_SECRET}",
  doppler: "{type: doppler, token: env://DOPPLER_TOKEN}",
} as const satisfies Record<VaultConnection["provider"], string>;

/** Reports credentials without a source or with two, and those whose vault has no connection under `vaults`. */
export function checkCredentials(
  source: YamlSource,
  credentials: WrittenCredentials,
  vaults: ReadonlySet<string>,
): readonly PolicyProblem[] {
  return Object.entries(credentials).flatMap(([id, { ref, oauth2 }]) => {
    const at = ["credentials", id];
    if ((ref === undefined) === (oauth2 === undefined)) {
      const message =
        "a credential takes either `ref`, where the secret is, or `oauth2`, and exactly one of them";
      return [source.problemAtKey(at, message)];
    }
    if (oauth2 === undefined) return ref === undefined ? [] : checkVault(source, [...at, "ref"], ref, vaults);
    const below: Path = [...at, "oauth2"];
    return [
      ...checkOAuth2(source, below, oauth2),
      ...refsOfOAuth2(oauth2).flatMap(([key, each]) => checkVault(source, [...below, key], each, vaults)),
    ];
  });
}

function checkVault(
  source: YamlSource,
  at: Path,
  ref: SecretRef,
  vaults: ReadonlySet<string>,
): readonly PolicyProblem[] {
  if (ref.scheme === "env" || ref.scheme === "secrets-store") return [];
  const provider = PROVIDER_OF[ref.scheme];
  if (vaults.has(provider)) return [];
  const message = `${ref.scheme}:// needs a vault of type ${provider}; add vaults: {${provider}: ${EXAMPLE_OF[provider]}}`;
  return [source.problemAt(at, message)];
}
