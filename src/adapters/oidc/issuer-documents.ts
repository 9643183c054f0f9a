import { isYounger } from "../../core/base/age.ts";
import type { AuthorizationServer } from "oauth4webapi";
import { jsonObjectIn, type JsonObject } from "../../core/base/json.ts";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";

/** Limit of one request to an issuer: a caller waits for it. */
const TIMEOUT_MS = 5_000;

/** Pause after a failed request: while an issuer is down, every token, valid or forged, would cause another. */
const PAUSE_MS = 5_000;

/** Endpoints and the key set's URL change rarely; the keys themselves are refreshed by `tokenVerifier`. */
const CONFIGURATION_TTL_MS = 600_000;

/** Bounds the memory: URLs come from the registry and its issuers' configurations, so there are few. */
const MAX_CACHED = 100;

/** Documents that issuers publish about themselves. */
export interface IssuerDocuments {
  /** A JSON object from this URL; null: unreachable, not status 200, or no JSON object. */
  json(url: string, allowPrivate: boolean): Promise<JsonObject | null>;
  /**
   * The issuer's OpenID configuration; null: unreachable, or it names another issuer. Only `issuer` is validated:
   * callers check the type of every other member they read.
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
    if (found === null) cache(failedAt, url, Date.now());
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
      // OpenID Connect Discovery section 4.3: a configuration for another issuer must not be used (impersonation).
      if (found === null || found["issuer"] !== issuer) return null;
      const configuration = { ...found, issuer } as AuthorizationServer;
      cache(configurations, issuer, { found: configuration, at: Date.now() });
      return configuration;
    },
  };
}

function isYoung(at: number | undefined, ttlMs: number): boolean {
  return at !== undefined && isYounger(at, Date.now(), ttlMs);
}

function cache<T>(entries: Map<string, T>, key: string, value: T): void {
  if (entries.size >= MAX_CACHED) entries.clear();
  entries.set(key, value);
}
