import { fromBase64 } from "../base/base64.ts";
import type { Header } from "./header-names.ts";
import { isMaskable } from "../masking/secret-strength.ts";

const SCHEME = /^[A-Za-z][A-Za-z0-9-]* +/;
const BASIC = /^basic +/i;

/** RFC 9110 section 11.2: `Token token="…"`, `OAuth oauth_token="…", oauth_signature="…"`. */
const PARAMETER =
  /(?:^|[\s,;])[\w-]*(?:auth|token|key|secret|signature|password|response)\s*=\s*"?([^\s",;]+)/gi;

/**
 * Secrets in the agent's own credentials, which are masked when an upstream echoes them into a response that Gate
 * stores. Without those that are too short or too guessable to mask (`maskProblem`).
 */
export function headerSecrets(headers: readonly Header[]): readonly string[] {
  const secrets = headers.flatMap(([, value]) => {
    const secret = value.replace(SCHEME, "");
    if (BASIC.test(value)) return [secret, ...halvesOf(secret)];
    const named = [...secret.matchAll(PARAMETER)].map(([, parameter = ""]) => parameter);
    // `ApiKey user:key`, and the signatures of storage services.
    return [secret, ...named, secret.slice(secret.lastIndexOf(":") + 1)];
  });
  return [...new Set(secrets)].filter(isMaskable);
}

/** RFC 7617: the pair, the user and the password; a provider may use either half as the secret. */
function halvesOf(encoded: string): readonly string[] {
  const bytes = fromBase64(encoded);
  if (bytes === null) return [];
  const pair = new TextDecoder().decode(bytes);
  const colon = pair.indexOf(":");
  return colon < 0 ? [pair] : [pair, pair.slice(0, colon), pair.slice(colon + 1)];
}
