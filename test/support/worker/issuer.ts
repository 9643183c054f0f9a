import { exportJWK, type CryptoKey, generateKeyPair, type JWK, SignJWT } from "jose";
import { vi } from "vitest";
import { fresh } from "./gate.ts";

/*
 * OpenID Connect issuers as the Worker meets them: by what it fetches from them. What a test does not serve does not
 * answer.
 */

export const AUDIENCE = "gate-test";

type Serve = (request: Request) => Response | Promise<Response>;

const served = new Map<string, Serve>();

/** URLs that Gate requested since `listen`, in order. */
export const requestedUrls: string[] = [];

/** Answers the Worker's own requests from now on; to be called in each test, because mocks end with it. */
export function listen(): void {
  requestedUrls.length = 0;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    requestedUrls.push(request.url);
    const serving = served.get(request.url);
    if (serving === undefined) throw new TypeError("connection refused");
    const answer = serving(request);
    const { signal } = init as { signal?: AbortSignal };
    if (signal === undefined) return answer;
    const over = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return Promise.race([answer, over]);
  });
}

export function serve(url: string, answer: Serve): void {
  served.set(url, answer);
}

export interface TestIssuer {
  readonly url: string;
  readonly jwks: string;
  /** The key it signs with now. */
  readonly key: () => { readonly kid: string; readonly secret: CryptoKey; readonly jwk: JWK };
  /** Signs with another key from now on; `keep`: the earlier ones stay published. */
  rotate(keep: boolean): Promise<void>;
  /** Its token, valid unless the claims or header make it otherwise; a claim of `undefined` is left out. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function startIssuer(): Promise<TestIssuer> {
  const url = `https://${fresh("issuer")}.example.com`;
  const jwks = `${url}/keys`;
  let published: JWK[] = [];
  let current = await newKey();
  published.push(current.jwk);
  serve(jwks, () => Response.json({ keys: published }));
  serve(`${url}/.well-known/openid-configuration`, () =>
    Response.json({
      issuer: url,
      jwks_uri: jwks,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      id_token_signing_alg_values_supported: ["ES256"],
    }),
  );
  return {
    url,
    jwks,
    key: () => current,
    async rotate(keep) {
      current = await newKey();
      published = keep ? [...published, current.jwk] : [current.jwk];
    },
    token: (claims = {}, header = {}) => {
      const seconds = Math.floor(Date.now() / 1000);
      const usual = {
        iss: url,
        aud: AUDIENCE,
        sub: "account-1",
        iat: seconds,
        exp: seconds + 300,
        email: "ana@example.com",
        email_verified: true,
      };
      return sign({ ...usual, ...claims }, current.secret, { alg: "ES256", kid: current.kid, ...header });
    },
  };
}

export async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = fresh("kid");
  return { kid, secret: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } };
}

export function sign(
  claims: Record<string, unknown>,
  key: CryptoKey | Uint8Array,
  header: Record<string, unknown> & { readonly alg: string },
): Promise<string> {
  const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(present).setProtectedHeader(header).sign(key);
}

/** A token made by hand, for what no library would sign. */
export function handmade(header: unknown, claims: unknown, signature = ""): string {
  return [header, claims].map((part) => encode(JSON.stringify(part))).join(".") + `.${signature}`;
}

function encode(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
