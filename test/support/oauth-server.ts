import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, decodeJwt, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { errors, Provider } from "oidc-provider";

/*
 * The certified `oidc-provider` as authorization server, and beside it an API like Salesforce's that accepts its tokens,
 * while they last, and nothing else.
 */

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** One client for each way to authenticate; with every secret different. */
export const CLIENTS = {
  post: { id: "3MVG9.gate-by-post", secret: "K1x7-Qm40zTnVw82LcRb" },
  basic: { id: "gate by basic+auth", secret: "p9/Zt+6:dW=%e2 Ku&4s" },
  public: { id: "3MVG9.gate-public", secret: null },
} as const;

export const SUBJECT = "integration@example.com";

/** What the server does with a request in place of its own answer; null: its own. */
export type Conduct = (request: ReceivedRequest, response: ServerResponse) => boolean;

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

export interface OAuthServer extends AsyncDisposable {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  /** PEM, PKCS#8, of the key that signs assertions. */
  readonly privateKey: string;
  /** Requests for tokens, in order. */
  readonly tokenRequests: ReceivedRequest[];
  /** Requests to the API, in order. */
  readonly apiRequests: ReceivedRequest[];
  /** Requests that the API accepted. */
  readonly accepted: ReceivedRequest[];
  /** Seconds that the next tokens last. */
  lifetime(seconds: number): void;
  /** Whether a refresh token is replaced when it is used. */
  rotate(on: boolean): void;
  /** A refresh token that a person has allowed. */
  refreshToken(client: string): Promise<string>;
  /** Ends a token before its time. */
  revoke(accessToken: string): Promise<void>;
  /** For the requests from here on; null: as always. */
  conduct(what: Conduct | null): void;
  forget(): void;
}

/** @param listenOn 0 asks the system for a free port */
export async function startOAuthServer(listenOn = 0): Promise<OAuthServer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const tokenRequests: ReceivedRequest[] = [];
  const apiRequests: ReceivedRequest[] = [];
  const accepted: ReceivedRequest[] = [];
  let seconds = 3600;
  let rotates = false;
  let odd: Conduct | null = null;

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOn, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = providerAt(url, { lifetime: () => seconds, rotates: () => rotates, publicKey });
  const answerOfProvider = provider.callback();

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(message);
    const isToken = request.path.endsWith("/token");
    (isToken ? tokenRequests : apiRequests).push(request);
    if (odd?.(request, response) === true) return;
    if (request.path === "/services/oauth2/token") await salesforceToken(request, response);
    else if (isToken) await relay(request, response, (json) => json);
    else await api(request, response);
  }

  /** Salesforce names no lifetime, and knows the client by its assertion. */
  async function salesforceToken(request: ReceivedRequest, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(request.body);
    const assertion = form.get("assertion");
    if (assertion !== null && !form.has("client_id")) form.set("client_id", String(decodeJwt(assertion).iss));
    await relay({ ...request, body: form.toString() }, response, ({ expires_in: _, ...json }) => ({
      ...json,
      instance_url: url,
      id: `${url}/id/00Dx0/005x0`,
      issued_at: String(Date.now()),
      signature: "c2lnbmF0dXJl",
    }));
  }

  /** Hands a request to the provider, in this process, and changes what it says about a token. */
  async function relay(
    { body, authorization }: ReceivedRequest,
    response: ServerResponse,
    change: (json: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(authorization !== "" && { authorization }),
    };
    const granted = await fetch(`${inner}/token`, { method: "POST", headers, body });
    const json = (await granted.json()) as Record<string, unknown>;
    respond(response, granted.status, "access_token" in json ? change(json) : json);
  }

  const behind = createServer(answerOfProvider);
  await new Promise<void>((resolve) => behind.listen(0, "127.0.0.1", resolve));
  const inner = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;

  async function find(accessToken: string) {
    const found =
      (await provider.ClientCredentials.find(accessToken)) ?? (await provider.AccessToken.find(accessToken));
    return found === undefined || found.isExpired ? null : found;
  }

  /** An API whose answers echo what they were asked with. */
  async function api(request: ReceivedRequest, response: ServerResponse): Promise<void> {
    const token = /^Bearer (.+)$/.exec(request.authorization)?.[1] ?? "";
    if ((await find(token)) === null) {
      respond(response, 401, [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }]);
      return;
    }
    accepted.push(request);
    if (request.method === "POST") {
      respond(response, 201, { id: "00Q5e00001AbCdEEAV", success: true, errors: [] });
    } else {
      const secrets = Object.values(CLIENTS).map(({ secret }) => secret);
      respond(response, 200, { totalSize: 0, authorization: request.authorization, secrets });
    }
  }

  return {
    url,
    privateKey: await exportPKCS8(privateKey),
    tokenRequests,
    apiRequests,
    accepted,
    lifetime: (chosen) => void (seconds = chosen),
    rotate: (on) => void (rotates = on),
    async refreshToken(id) {
      const client = await provider.Client.find(id);
      const scope = "openid offline_access api";
      const grant = new provider.Grant({ clientId: id, accountId: SUBJECT });
      grant.addOIDCScope(scope);
      const grantId = await grant.save();
      const more = { grantId, scope, gty: "authorization_code", authTime: Math.floor(Date.now() / 1000) };
      return new provider.RefreshToken({ client, accountId: SUBJECT, ...more }).save();
    },
    async revoke(accessToken) {
      await (await find(accessToken))?.destroy();
    },
    conduct: (what) => void (odd = what),
    forget() {
      for (const list of [tokenRequests, apiRequests, accepted]) list.length = 0;
      odd = null;
      seconds = 3600;
      rotates = false;
    },
    async [Symbol.asyncDispose]() {
      for (const each of [server, behind]) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
}

interface ProviderSettings {
  readonly lifetime: () => number;
  readonly rotates: () => boolean;
  readonly publicKey: CryptoKey;
}

function providerAt(issuer: string, { lifetime, rotates, publicKey }: ProviderSettings): Provider {
  const common = {
    redirect_uris: ["https://gate.example.com/callback"],
    response_types: ["code"],
    grant_types: ["client_credentials", "authorization_code", "refresh_token", JWT_BEARER],
  };
  const seen = new Set<string>();
  const provider = new Provider(issuer, {
    clients: [
      {
        ...common,
        client_id: CLIENTS.post.id,
        client_secret: CLIENTS.post.secret,
        token_endpoint_auth_method: "client_secret_post",
      },
      {
        ...common,
        client_id: CLIENTS.basic.id,
        client_secret: CLIENTS.basic.secret,
        token_endpoint_auth_method: "client_secret_basic",
      },
      {
        ...common,
        grant_types: ["authorization_code", "refresh_token", JWT_BEARER],
        client_id: CLIENTS.public.id,
        token_endpoint_auth_method: "none",
      },
    ],
    scopes: ["openid", "offline_access", "api", "write"],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    ttl: {
      ClientCredentials: lifetime,
      AccessToken: lifetime,
      RefreshToken: 86_400,
      Grant: 86_400,
      IdToken: 60,
    },
    rotateRefreshToken: rotates,
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    cookies: { keys: ["for-no-cookie"] },
  });
  // RFC 7523, as Salesforce has it: the client's key, a known user, three minutes, each assertion once.
  provider.registerGrantType(
    JWT_BEARER,
    async (context) => {
      const { client, params } = context.oidc;
      const { payload } = await jwtVerify(params["assertion"] ?? "", publicKey, {
        algorithms: ["RS256"],
        audience: [issuer, `${issuer}/token`, `${issuer}/services/oauth2/token`],
        issuer: params["client_id"] ?? "",
        subject: SUBJECT,
        requiredClaims: ["exp", "iat", "jti"],
        maxTokenAge: "3 minutes",
      }).catch(() => ({ payload: null }));
      const isTimely = (payload?.exp ?? 0) <= Date.now() / 1000 + 180;
      if (payload === null || !isTimely || seen.has(payload.jti ?? "")) {
        throw new errors.InvalidGrant("user hasn't approved this consumer");
      }
      seen.add(payload.jti ?? "");
      const scope = typeof payload["scope"] === "string" ? payload["scope"] : "api";
      const access = await new provider.ClientCredentials({ client, scope }).save();
      context.body = { access_token: access, token_type: "Bearer", expires_in: lifetime(), scope };
    },
    ["assertion", "scope"],
  );
  return provider;
}

async function read(message: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return {
    method: message.method ?? "",
    path: (message.url ?? "").split("?")[0] ?? "",
    authorization: message.headers.authorization ?? "",
    body: Buffer.concat(chunks).toString(),
  };
}

function respond(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(json));
}
