import type { AuthorizationServer } from "oauth4webapi";
import { jsonObjectIn, type JsonObject } from "../../core/base/json.ts";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";

/** An issuer that is slower than this is down as far as a waiting caller is concerned. */
const TIMEOUT_MS = 5_000;

/** While an issuer is down everybody who holds a token, true or forged, would have it asked again. */
const PAUSE_MS = 5_000;

/** Where endpoints and keys are changes with a redesign of the issuer, not from hour to hour. */
const CONFIGURATION_TTL_MS = 600_000;

/** Addresses come from the registry and from what issuers publish: few. */
const MAX_REMEMBERED = 100;

/** What issuers publish about themselves. */
export interface IssuerDocuments {
  /** A JSON object from this address; null: it can't be had. */
  json(url: string, allowPrivate: boolean): Promise<JsonObject | null>;
  /**
   * The issuer's OpenID configuration; null: it can't be had, or is somebody else's. Of all it says only the issuer
   * was looked at: whoever reads another member looks at its type.
   */
  configuration(issuer: TrustedIssuer): Promise<AuthorizationServer | null>;
}

export function issuerDocuments(send: SendOutgoing): IssuerDocuments {
  const failedAt = new Map<string, number>();
  const configurations = new Map<string, { readonly found: AuthorizationServer; readonly at: number }>();

  async function json(url: string, allowPrivate: boolean): Promise<JsonObject | null> {
    if (isYoung(failedAt.get(url), PAUSE_MS)) return null;
    const headers = { Accept: "application/json" };
    const sent = await send({ url, method: "GET", headers, body: null, timeoutMs: TIMEOUT_MS, allowPrivate });
    const found = sent.ok && sent.value.status === 200 ? jsonObjectIn(sent.value.text) : null;
    if (found === null) remember(failedAt, url, Date.now());
    else failedAt.delete(url);
    return found;
  }

  return {
    json,

    async configuration({ issuer, allowPrivate }) {
      const known = configurations.get(issuer);
      if (known !== undefined && isYoung(known.at, CONFIGURATION_TTL_MS)) return known.found;
      const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
      const found = await json(url, allowPrivate);
      // Section 4.3: whoever answers for another issuer answers for nobody.
      if (found === null || found["issuer"] !== issuer) return null;
      const configuration = { ...found, issuer } as AuthorizationServer;
      remember(configurations, issuer, { found: configuration, at: Date.now() });
      return configuration;
    },
  };
}

/** A clock that was set back must not keep what is old. */
function isYoung(at: number | undefined, ttlMs: number): boolean {
  const age = at === undefined ? ttlMs : Date.now() - at;
  return age >= 0 && age < ttlMs;
}

function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  if (memory.size >= MAX_REMEMBERED) memory.clear();
  memory.set(key, value);
}
