import { type CryptoKey, importPKCS8 } from "jose";
import { ok, type Result } from "../../../core/base/result.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import { failed } from "../failure.ts";
import { readVaultObject } from "../strict-payload.ts";

/** The algorithm that Salesforce and Google require. */
export const ALGORITHM = "RS256";

export interface SigningKey {
  readonly key: CryptoKey;
  /** As the key file names it; null: it is no file with a name. */
  readonly keyId: string | null;
}

const PEM = /-----BEGIN ([A-Z ]+)-----([\s\S]+?)-----END \1-----/;

/**
 * The private key of a secret: a PEM, with line breaks, with `\n` in their place as in variables of one line, or without
 * any; or a key file of a Google service account, whose `private_key` is a PEM. No failure repeats the secret.
 */
export async function readPrivateKey(secret: string): Promise<Result<SigningKey, VaultFailure>> {
  const file = secret.trimStart().startsWith("{") ? readVaultObject(secret.trim()) : null;
  if (file?.ok === false) return failed("invalid_response", `the key file is ${file.error}`);
  const pem = file === null ? secret : file.value["private_key"];
  const found = typeof pem === "string" ? PEM.exec(pem.replaceAll(String.raw`\n`, "\n")) : null;
  const [, label, body = ""] = found ?? [];
  if (label !== "PRIVATE KEY") return failed("invalid_response", label === undefined ? NO_KEY : OTHER_FORM);
  try {
    const lines = `-----BEGIN PRIVATE KEY-----\n${body.replaceAll(/\s/g, "")}\n-----END PRIVATE KEY-----`;
    const key = await importPKCS8(lines, ALGORITHM);
    const keyId = file?.value["private_key_id"];
    return ok({ key, keyId: typeof keyId === "string" ? keyId : null });
  } catch {
    return failed("invalid_response", "the secret is no RSA private key");
  }
}

const NO_KEY =
  "the secret is no private key: store the PEM that begins with BEGIN PRIVATE KEY, or a service account's key file";

const OTHER_FORM =
  "the private key has another form than PKCS#8, or is encrypted: convert it with `openssl pkcs8 -topk8 -nocrypt`";
