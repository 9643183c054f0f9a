import { AwsV4Signer } from "aws4fetch";
import { fromBase64 } from "../../core/base/base64.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { OwnSecretRef, VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { AwsConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure, VaultProblem } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { readVaultObject } from "./strict-payload.ts";
import { HEADER_TOKEN } from "./validate-secret.ts";

type AwsRef = Extract<VaultSecretRef, { readonly scheme: "aws-sm" }>;

const WHO = "AWS Secrets Manager";

/** The region becomes part of a host name, so a stray character could lead to another host. */
const REGION = /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/;

/** AWS Secrets Manager (API of 2017-10-17): one signed call. */
export async function awsSecret(
  ref: AwsRef,
  connection: AwsConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const { region, allowPrivate } = connection;
  if (!REGION.test(region)) {
    return failed("not_configured", `the region of ${WHO} must be written like eu-west-1`);
  }
  const regionOfArn = /^arn:[^:]*:secretsmanager:([^:]*):/.exec(ref.name)?.[1];
  if (regionOfArn !== undefined && regionOfArn !== region) {
    return failed("not_configured", `the secret's ARN names another region than the connection to ${WHO}`);
  }
  const keys = await keysOf(connection, client);
  if (!keys.ok) return keys;
  const base = connection.endpoint ?? `https://secretsmanager.${region}.${domainOf(region)}`;
  const body = JSON.stringify({
    SecretId: ref.name,
    ...(ref.version === null ? {} : { VersionId: ref.version }),
    ...(ref.stage === null ? {} : { VersionStage: ref.stage }),
  });
  if (!isOrigin(base)) {
    return failed("not_configured", `the endpoint of ${WHO} must be scheme and host alone`);
  }
  const headers = await signedHeaders(
    { url: `${base.replace(/\/$/, "")}/`, body, region, ...keys.value },
    client,
  );
  const answer = await client.fetchJson({
    who: WHO,
    item: "the secret",
    base,
    path: [],
    method: "POST",
    headers,
    body,
    allowPrivate,
    explain: refusalOf,
  });
  return answer.ok ? valueOf(answer.value, ref.key) : answer;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

async function keysOf(connection: AwsConnection, client: VaultClient): Promise<Result<Keys, VaultFailure>> {
  const read = (ref: OwnSecretRef) => client.ownSecret(ref, WHO);
  const accessKeyId = await read(connection.accessKeyId);
  if (!accessKeyId.ok) return accessKeyId;
  const secretAccessKey = await read(connection.secretAccessKey);
  if (!secretAccessKey.ok) return secretAccessKey;
  const sessionToken = connection.sessionToken === null ? null : await read(connection.sessionToken);
  if (sessionToken !== null && !sessionToken.ok) return sessionToken;
  const inHeaders = sessionToken === null ? [accessKeyId.value] : [accessKeyId.value, sessionToken.value];
  // The signer would throw for such a value, and quote it in its message.
  if (!inHeaders.every((value) => HEADER_TOKEN.test(value))) {
    return failed("not_configured", `the credentials of ${WHO} have characters that no header can carry`);
  }
  return ok({
    accessKeyId: accessKeyId.value,
    secretAccessKey: secretAccessKey.value,
    sessionToken: sessionToken?.value ?? null,
  });
}

/** One signer per call, because the signer caches the keys it derives. */
async function signedHeaders(
  { sessionToken, ...given }: Keys & { url: string; body: string; region: string },
  { now }: VaultClient,
): Promise<Record<string, string>> {
  const signer = new AwsV4Signer({
    ...given,
    ...(sessionToken === null ? {} : { sessionToken }),
    method: "POST",
    service: "secretsmanager",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": "secretsmanager.GetSecretValue",
    },
    datetime: new Date(now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    // The signer skips Content-Type by default, and AWS requires its signature where it is sent.
    allHeaders: true,
  });
  const { headers } = await signer.sign();
  return Object.fromEntries(headers);
}

/** China's regions have a domain of their own. */
function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

function isOrigin(base: string): boolean {
  if (!URL.canParse(base)) return false;
  const { pathname, search, hash } = new URL(base);
  return pathname === "/" && search === "" && hash === "";
}

/** AWS error types, nearly all with status 400. The message is left out of details, because it quotes the request. */
const REASONS: ReadonlyMap<string, VaultProblem> = new Map([
  ["ResourceNotFoundException", "not_found"],
  // The secret is marked for deletion, or has no value yet.
  ["InvalidRequestException", "not_found"],
  ["AccessDeniedException", "denied"],
  ["DecryptionFailure", "denied"],
  ["ExpiredTokenException", "denied"],
  ["IncompleteSignatureException", "denied"],
  ["InvalidClientTokenId", "denied"],
  ["InvalidSignatureException", "denied"],
  ["MissingAuthenticationTokenException", "denied"],
  ["NotAuthorized", "denied"],
  ["OptInRequired", "denied"],
  ["UnrecognizedClientException", "denied"],
  ["RequestExpired", "denied"],
  ["LimitExceededException", "rate_limited"],
  ["RequestLimitExceeded", "rate_limited"],
  ["Throttling", "rate_limited"],
  ["ThrottlingException", "rate_limited"],
  ["TooManyRequestsException", "rate_limited"],
  ["InternalFailure", "unavailable"],
  ["InternalServiceError", "unavailable"],
  ["ServiceUnavailable", "unavailable"],
]);

function refusalOf(status: number, answer: Json | null): VaultFailure | null {
  const type = isJsonObject(answer) ? answer["__type"] : null;
  // `com.amazonaws.secretsmanager#ResourceNotFoundException`, or the last part alone.
  const reason = typeof type === "string" ? type.slice(type.lastIndexOf("#") + 1) : "";
  const problem = REASONS.get(reason);
  return problem === undefined ? null : { problem, detail: `${WHO} answered ${status} ${reason}` };
}

function valueOf(answer: Json, key: string | null): Result<string, VaultFailure> {
  const text = isJsonObject(answer) ? textOf(answer) : null;
  if (text === null) return failed("invalid_response", `${WHO} answered without a secret that is text`);
  if (key === null) return ok(text);
  const read = readVaultObject(text);
  if (!read.ok) {
    return failed("invalid_response", `the reference names a key, and the secret is ${read.error}`);
  }
  const members = read.value;
  if (!Object.hasOwn(members, key)) return failed("not_found", "the secret's JSON has no key of this name");
  const value = members[key];
  return typeof value === "string"
    ? ok(value)
    : failed("invalid_response", "the value of this key is not text");
}

function textOf(answer: JsonObject): string | null {
  const { SecretString: text, SecretBinary: binary } = answer;
  // AWS returns one of them: of both, another reader could take the other.
  if (text !== undefined && text !== null && binary !== undefined && binary !== null) return null;
  if (typeof text === "string") return text;
  const bytes = typeof binary === "string" ? fromBase64(binary) : null;
  try {
    return bytes === null ? null : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
