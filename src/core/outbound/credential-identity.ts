import { fromBase64Url } from "../base/base64url.ts";
import { isJsonObject } from "../base/json.ts";
import { parseStrictJson } from "../base/strict-json.ts";
import { withDashes, type Header } from "./header-names.ts";

/**
 * Users that providers give to everybody, with the key as the password (Mailgun's `api`, Mailchimp's `anystring`, GitHub's
 * `x-access-token`): they name no account.
 */
const SHARED_USERS: ReadonlySet<string> = new Set(
  "_ - . * x any anything anystring api api-key api_key api_token apikey apitoken bearer default git key none null oauth oauth2 oauth2accesstoken pat private-token token user username x-access-token x-api-key x-oauth-basic x-token-auth __token__".split(
    " ",
  ),
);

/** RFC 9110 section 11.4: a scheme, and what follows it. */
const AUTHORIZATION = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +(\S.*)$/;

const SIGNATURE = /(?:^|-)signature$/;

/**
 * Names the accounts that the agent's own credentials are of: scheme and account where they can be told, else the whole
 * value. An approval is for a write to one account. Equal texts: the same accounts, whatever token or password an agent
 * renews while a person decides.
 *
 * The text can contain a secret. Only a keyed digest of it may be stored.
 */
export function credentialIdentity(credentials: readonly Header[]): string {
  const accounts = credentials.filter(([name]) => !SIGNATURE.test(withDashes(name)));
  // A request's signature changes with every repeat; the account stands in the header beside it.
  const naming = accounts.length === 0 ? credentials : accounts;
  const parts = naming.map(([name, value]) => [withDashes(name), ...partsOf(name, value)]);
  return JSON.stringify(parts.map((part) => JSON.stringify(part)).toSorted());
}

function partsOf(name: string, value: string): readonly string[] {
  const [, scheme = "", rest = ""] = AUTHORIZATION.exec(value.trim()) ?? [];
  const account =
    name === "authorization" ? accountOf(scheme.toLowerCase(), rest) : tokenAccount(value.trim());
  return account === null ? ["value", value] : [scheme.toLowerCase(), ...account];
}

/** Null: the account can't be told from this scheme's value. */
function accountOf(scheme: string, rest: string): readonly string[] | null {
  if (scheme === "basic") return basicAccount(rest);
  if (scheme === "bearer") return tokenAccount(rest);
  return scheme.startsWith("aws4-") ? signingAccount(rest) : null;
}

/** RFC 7617: the user. */
function basicAccount(encoded: string): readonly string[] | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  let text: string;
  try {
    text = atob(encoded);
  } catch {
    return null;
  }
  const user = text.slice(0, Math.max(text.indexOf(":"), 0));
  return user === "" || SHARED_USERS.has(user.trim().toLowerCase()) ? null : ["user", user];
}

/** RFC 7519: issuer and subject. Not verified, which the upstream does: a token for another account has another pair. */
function tokenAccount(token: string): readonly string[] | null {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token) ?? [];
  const bytes = payload === undefined ? null : fromBase64Url(payload);
  if (bytes === null) return null;
  // Strictly: of a repeated `sub` two readers could take different ones.
  const claims = parseStrictJson(new TextDecoder().decode(bytes));
  if (!claims.ok || !isJsonObject(claims.value)) return null;
  const { iss, sub } = claims.value;
  const isNamed = typeof iss === "string" && typeof sub === "string" && iss !== "" && sub !== "";
  return isNamed ? ["token", iss, sub] : null;
}

/** AWS Signature Version 4: the access key's id. */
function signingAccount(parameters: string): readonly string[] | null {
  const scopes = parameters.split(",").map((part) => /^\s*Credential=([^/\s]+)\//.exec(part)?.[1]);
  const [id, ...more] = scopes.filter((found) => found !== undefined);
  return id === undefined || more.length > 0 ? null : ["key", id];
}
