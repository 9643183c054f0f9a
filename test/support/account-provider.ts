import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

/*
 * The certified `oidc-provider` as people's identity provider, with its defaults: the ID token has no e-mail address,
 * which is at the userinfo endpoint only. A person signs in and consents on its own pages.
 */

export const ACCOUNT_CLIENT = { id: "gate", secret: "p9/Zt+6:dW=%e2 Ku&4s" } as const;

/** What the provider knows of its accounts, by login. */
export type Accounts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface AccountProvider extends AsyncDisposable {
  readonly url: string;
  /** Starts answering, for a client with this redirect URI. */
  start(redirectUri: string, accounts: Accounts, settings?: ProviderSettings): void;
  /** Signs with another key from now on, and publishes only that one. */
  rotate(): Promise<void>;
  /** Requests by path since the start. */
  readonly requested: readonly string[];
  /** Takes a browser through its pages. @returns where they send it back to */
  signIn(authorization: string, login: string): Promise<URL>;
}

export interface ProviderSettings {
  /** The client's secret as the provider has it. */
  readonly secret?: string;
  /** Answers 503 in place of these paths. */
  readonly down?: readonly string[];
}

export async function startAccountProvider(): Promise<AccountProvider> {
  let answer: RequestListener = (_, response) => void response.writeHead(503).end();
  let down: readonly string[] = [];
  let begin: () => void = () => undefined;
  const requested: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    requested.push(path);
    if (down.includes(path)) response.writeHead(503).end();
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let made = 0;
  let jwk = await newKey();

  async function newKey() {
    made += 1;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    return { ...(await exportJWK(privateKey)), kid: `key-${made}`, alg: "RS256", use: "sig" };
  }

  return {
    url,
    requested,
    start(redirectUri, accounts, settings = {}) {
      requested.length = 0;
      down = settings.down ?? [];
      begin = () => {
        answer = new Provider(url, {
          clients: [
            {
              client_id: ACCOUNT_CLIENT.id,
              client_secret: settings.secret ?? ACCOUNT_CLIENT.secret,
              redirect_uris: [redirectUri],
            },
          ],
          jwks: { keys: [jwk] },
          cookies: { keys: ["of-this-provider"] },
          claims: { openid: ["sub"], email: ["email", "email_verified"] },
          findAccount: (_context: unknown, id: string) => ({
            accountId: id,
            claims: () => ({ sub: id, ...accounts[id] }),
          }),
        }).callback();
      };
      begin();
    },
    async rotate() {
      jwk = await newKey();
      begin();
    },
    signIn: (authorization, login) => throughPages(authorization, login, url),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** More than one sign-in and one consent need. */
const MAX_STEPS = 12;

async function throughPages(authorization: string, login: string, provider: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let form: URLSearchParams | null = null;
  let at = authorization;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(at, {
      method: form === null ? "GET" : "POST",
      headers: { Cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      body: form,
      redirect: "manual",
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split("=");
      cookies.set(name, value);
    }
    const location = response.headers.get("Location");
    if (location !== null) {
      const next = new URL(location, at);
      if (next.origin !== provider) return next;
      [at, form] = [next.href, null];
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /action="([^"]+)"/.exec(page)?.[1];
    if (prompt === undefined || action === undefined) throw new Error(`no form: ${page.slice(0, 2000)}`);
    at = new URL(action, at).href;
    form = new URLSearchParams({ prompt, ...(prompt === "login" && { login, password: "any" }) });
  }
  throw new Error("the provider's pages lead nowhere");
}
