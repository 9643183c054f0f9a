import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const CLIENT = "gate-client";
export const SECRET = "a client's secret";

/** An OpenID Connect provider over real connections, with one person, who only has to say yes. */
export interface Provider extends AsyncDisposable {
  readonly url: string;
  token(claims?: Record<string, unknown>): Promise<string>;
  /** Codes it gave out, and what each is for. */
  readonly codes: Map<string, { readonly nonce: string; readonly challenge: string }>;
  /** Pages of its own site, by path. */
  readonly pages: Map<string, string>;
}

/** @param host a name of this machine; browsers take another name for another site */
export async function startProvider(host = "127.0.0.1"): Promise<Provider> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  const codes: Provider["codes"] = new Map();
  const pages: Provider["pages"] = new Map();
  let authorization = new URLSearchParams();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;

  function token(claims: Record<string, unknown> = {}): Promise<string> {
    const payload = { email: "ana@example.com", email_verified: true, ...claims };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer(url)
      .setAudience(CLIENT)
      .setSubject("user-1")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const html = (body: string): void => {
      response.writeHead(200, { "Content-Type": "text/html" }).end(body);
    };
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (pathname === "/.well-known/openid-configuration") {
      return json(200, {
        issuer: url,
        jwks_uri: `${url}/keys`,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        id_token_signing_alg_values_supported: ["RS256"],
      });
    }
    if (pathname === "/keys") return json(200, { keys: [jwk] });
    if (pathname === "/authorize") {
      authorization = searchParams;
      return html('<form method="post" action="/yes"><button>Yes, it is me</button></form>');
    }
    if (pathname === "/yes") {
      codes.set("code", {
        nonce: authorization.get("nonce") ?? "",
        challenge: authorization.get("code_challenge") ?? "",
      });
      const location = `${authorization.get("redirect_uri")}?code=code&state=${authorization.get("state")}`;
      response.writeHead(302, { Location: location }).end();
      return undefined;
    }
    const page = pages.get(pathname);
    if (page !== undefined) return html(page);
    if (pathname !== "/token") return json(404, {});
    const form = new URLSearchParams(await bodyOf(request));
    const known = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const basic = Buffer.from(
      request.headers.authorization?.replace("Basic ", "") ?? "",
      "base64",
    ).toString();
    const [id = "", secret = ""] = basic
      .split(":")
      .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
    if (id !== CLIENT || secret !== SECRET) return json(401, { error: "invalid_client" });
    if (known === undefined || (await challengeOf(form.get("code_verifier") ?? "")) !== known.challenge) {
      return json(400, { error: "invalid_grant" });
    }
    return json(200, {
      access_token: "x",
      token_type: "Bearer",
      id_token: await token({ nonce: known.nonce }),
    });
  }

  return {
    url,
    token,
    codes,
    pages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return Buffer.from(digest).toString("base64url");
}
