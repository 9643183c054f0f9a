import { fromBase64 } from "../base64.ts";
import type { Header } from "./header-names.ts";
import { maskable } from "./maskable.ts";

const SCHEME = /^[A-Za-z][A-Za-z0-9-]* +/;
const BASIC = /^basic +/i;

/**
 * What is secret in an agent's own credentials, so that an upstream which says it back puts it into nothing that is
 * kept. What is too short or too plain to be found in a text (`maskProblem`) is not among them.
 */
export function ownSecrets(headers: readonly Header[]): readonly string[] {
  const secrets = headers.flatMap(([, value]) => {
    const secret = value.replace(SCHEME, "");
    return BASIC.test(value) ? [secret, ...halvesOf(secret)] : [secret];
  });
  return [...new Set(secrets)].filter(maskable);
}

/** RFC 7617: a user and a password, either of which may be the secret. */
function halvesOf(encoded: string): readonly string[] {
  const bytes = fromBase64(encoded);
  if (bytes === null) return [];
  const pair = new TextDecoder().decode(bytes);
  const colon = pair.indexOf(":");
  return colon < 0 ? [pair] : [pair, pair.slice(0, colon), pair.slice(colon + 1)];
}
