import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, temporaryFolder } from "../support/command.ts";
import { type Body, type Gate, startGate, text } from "../support/gate.ts";
import { CLIENT, type Provider, SECRET, startProvider } from "../support/oidc.ts";
import type { Principal } from "../support/client.ts";

/*
 * The built Worker, and an issuer over real connections: what a token is fetched, verified and redeemed with is not
 * mocked anywhere.
 */

let provider: Provider;
let hanging: Server;
let silent: string;
let closed: string;
let gate: Gate;
let agent: Principal;
let ben: Principal;
let registry: string;
const folder = temporaryFolder();

beforeAll(async () => {
  provider = await startProvider();
  // Takes every connection and says nothing.
  hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
  silent = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  closed = `http://127.0.0.1:${await freePort()}`;
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(
    join(policies, "held.yaml"),
    "id: held\ndestinations: [crm.held]\nrequire_approval: always\napprovers: { require: 2, min_assurance: key }\n",
  );
  registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
credentials: { sso: { ref: env://OIDC_CLIENT_SECRET } }
sign_in:
  oidc:
    - { name: Staff, issuer: "${provider.url}", audience: ${CLIENT}, client_secret: sso, allow_private: true }
    - { name: Silent, issuer: "${silent}", audience: ${CLIENT}, allow_private: true }
    - { name: Closed, issuer: "${closed}", audience: ${CLIENT}, allow_private: true }
destinations:
  crm.held: { policies: [held] }
`,
  );
  gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies, "--local-sign-in"],
    env: { OIDC_CLIENT_SECRET: SECRET },
  });
  agent = await gate.register("agent");
  ben = await gate.register("reviewer", { person: "ben" });
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  hanging.closeAllConnections();
  hanging.close();
  folder[Symbol.dispose]();
});

interface Visit {
  readonly status: number;
  readonly location: string | null;
  readonly text: string;
}

/** A browser of one cookie jar that follows nothing by itself. */
function browser() {
  const cookies = new Map<string, string>();
  const origin = `http://127.0.0.1:${gate.port}`;
  return {
    cookies,
    async visit(path: string, form?: Record<string, string>): Promise<Visit> {
      const headers = new Headers({ Cookie: [...cookies].map((pair) => pair.join("=")).join("; ") });
      const body = form === undefined ? null : new URLSearchParams(form).toString();
      if (form !== undefined) {
        headers.set("Origin", origin);
        headers.set("Content-Type", "application/x-www-form-urlencoded");
      }
      const method = form === undefined ? "GET" : "POST";
      const response = await fetch(origin + path, { method, headers, body, redirect: "manual" });
      for (const cookie of response.headers.getSetCookie()) {
        const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split("=");
        if (value === "") cookies.delete(name);
        else cookies.set(name, value);
      }
      return {
        status: response.status,
        location: response.headers.get("Location"),
        text: await response.text(),
      };
    },
  };
}

const whoIs = async (page: ReturnType<typeof browser>): Promise<Body> =>
  JSON.parse((await page.visit("/v1/session")).text) as Body;

test("a person votes with an issuer's token at assurance sso", async () => {
  const token = await provider.token();
  const session = await gate.call("GET", "/v1/session", token);
  expect(session.body).toMatchObject({ person: "ana", assurance: "sso", via: "token" });
  const made = await gate.call("POST", "/v1/intents", agent.key, {
    destination: "crm.held",
    policy: "held",
    payload: '{"a":1}',
    recordCount: 1,
  });
  const path = `/v1/intents/${text(made.body, "intentId")}/approve`;
  expect((await gate.call("POST", path, token)).body["status"]).toBe("pending_approval");
  expect((await gate.call("POST", path, token)).body["status"]).toBe("pending_approval");
  expect((await gate.call("POST", path, ben.key)).body["status"]).toBe("approved");
});

test("an issuer that is down or never answers admits no one and delays no other request", async () => {
  const [header, , signature] = (await provider.token()).split(".");
  for (const iss of [silent, closed]) {
    const claims = { iss, aud: CLIENT, sub: "x", exp: 4e9, email: "ana@example.com", email_verified: true };
    const token = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
    const answer = await gate.call("GET", "/v1/session", token);
    expect(answer.status).toBe(503);
    expect(answer.body["code"]).toBe("keys_unavailable");
  }
  expect((await gate.call("GET", "/v1/session", ben.key)).status).toBe(200);
});

test("a person signs in by a provider's button and stays signed in over a server restart", async () => {
  const page = browser();
  const { text: shown } = await page.visit("/sign-in?next=/cases");
  const button = /href="(\/sign-in\/[0-9a-f]+\?[^"]+)"/.exec(shown)?.[1]?.replaceAll("&amp;", "&") ?? "";
  expect(shown.match(/href="\/sign-in\/[0-9a-f]+/g)).toHaveLength(1);
  const query = new URL((await page.visit(button)).location ?? "").searchParams;
  expect(query.get("redirect_uri")).toBe(`http://127.0.0.1:${gate.port}/sign-in/callback`);
  const [nonce, challenge] = [query.get("nonce") ?? "", query.get("code_challenge") ?? ""];
  provider.codes.set("good", { nonce, challenge });
  const back = await page.visit(`/sign-in/callback?code=good&state=${query.get("state")}`);
  expect(back.status).toBe(200);
  expect(back.text).toContain("0; url=/cases");
  expect(await whoIs(page)).toMatchObject({ person: "ana", assurance: "sso", via: "session" });

  await gate.crash();
  await gate.start();
  expect(await whoIs(page)).toMatchObject({ person: "ana", assurance: "sso" });
  expect((await page.visit("/sign-out", {})).location).toBe("/sign-in");
  expect((await page.visit("/v1/session")).status).toBe(401);
});

test("INV-28: signing in by name works only under the machine's own host names, whatever the headers say", async () => {
  const page = browser();
  expect((await page.visit("/sign-in", { person: "ana", next: "/cases" })).location).toBe("/cases");
  expect(await whoIs(page)).toMatchObject({ person: "ana", assurance: "key" });

  const form = "person=ana";
  const post = (host: string, more: string) =>
    gate.raw(
      `POST /sign-in HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nOrigin: http://${host}\r\n${more}` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    );
  const own = `127.0.0.1:${gate.port}`;
  expect(await post(own, "")).toMatch(/^HTTP\/1\.1 303 /);
  // An attacker's name that resolves to this machine (DNS rebinding), and a tunnel to it.
  expect(await post(`evil.example.com:${gate.port}`, "")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await post(own, "X-Forwarded-For: 203.0.113.7\r\n")).toMatch(/^HTTP\/1\.1 403 /);
});

test("INV-28: malformed cookies are no session", async () => {
  const page = browser();
  await page.visit("/sign-in", { person: "ben", next: "/" });
  const token = page.cookies.get("gate_session") ?? "";
  const sessionBy = (cookie: string) =>
    gate.raw(
      `GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1:${gate.port}\r\nConnection: close\r\n${cookie}\r\n\r\n`,
    );
  expect(await sessionBy(`Cookie: gate_session=${token}`)).toMatch(/^HTTP\/1\.1 200 /);
  for (const cookie of [
    `Cookie: gate_session=${token}x`,
    `Cookie: gate_session=${token.toUpperCase()}`,
    `Cookie: GATE_SESSION=${token}`,
    `Cookie: __Host-gate_session=${token}`,
    `Cookie: gate_session=\xff\xfe`,
    `Cookie: gate_session="`,
    `Cookie: ${"a=b; ".repeat(500)}`,
  ]) {
    expect(await sessionBy(cookie), cookie.slice(0, 60)).toMatch(/^HTTP\/1\.1 401 /);
  }
});

test("a person who is taken out of gate.yaml and put back is signed out for good, without a request in between", async () => {
  const page = browser();
  await page.visit("/sign-in", { person: "ana", next: "/" });
  const written = readFileSync(registry, "utf8");
  const reloads = () => gate.printed().split("gate.yaml reloaded").length;
  const put = async (edited: string, noticeMs: number) => {
    const before = reloads();
    writeFileSync(registry, edited);
    await expect.poll(reloads, { timeout: 10_000 }).toBeGreaterThan(before);
    await pause(noticeMs);
  };
  // How soon the Worker hears of an edit depends on the machine: longer each time until it does.
  for (let noticeMs = 1_000; noticeMs <= 16_000; noticeMs *= 2) {
    await put(written.replace(/^ {2}ana: .*\n/m, ""), noticeMs);
    await put(written, 0);
    if ((await page.visit("/v1/session")).status === 401) break;
  }
  expect((await page.visit("/v1/session")).status).toBe(401);
});
