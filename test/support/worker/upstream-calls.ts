import { callUpstream } from "../../../src/adapters/upstream/call.ts";
import { storedCredential } from "../../../src/adapters/vault/registry-secrets.ts";
import { err, ok } from "../../../src/core/base/result.ts";
import type { CallFailure, UpstreamAnswer, UpstreamCall } from "../../../src/ports/upstream.ts";
import type { VaultFailure } from "../../../src/ports/vault.ts";
import type { Injection } from "../../../src/core/registry/injection.ts";

export const SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

/** A vault that holds this and nothing else. */
const upstream = callUpstream(async (name) =>
  name === "held"
    ? ok(storedCredential(SECRET))
    : err<VaultFailure>({ problem: "not_found", detail: "there is no such secret" }),
);

export type Called =
  | { readonly ok: true; readonly value: UpstreamAnswer }
  | { readonly ok: false; readonly error: CallFailure };

/** By default a read that passes, with the agent's own credential. */
export function calling(url: string, more: Partial<UpstreamCall> = {}): Promise<Called> {
  return upstream({
    method: "GET",
    reader: null,
    url,
    headers: [],
    agentCredentials: [],
    body: null,
    passesThrough: true,
    credential: null,
    timeoutMs: 5_000,
    allowPrivate: true,
    ...more,
  });
}

export function withCredential(injection: Injection = { kind: "bearer" }) {
  return { credential: { name: "held", injection } };
}

/** @throws when it did not answer */
export async function answered(url: string, more: Partial<UpstreamCall> = {}): Promise<UpstreamAnswer> {
  const called = await calling(url, more);
  if (!called.ok) throw new Error(called.error.problem);
  return called.value;
}

/** @throws where it breaks off */
export async function bytesOf({ body }: UpstreamAnswer): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

export async function textOf(answer: UpstreamAnswer): Promise<string> {
  return new TextDecoder().decode(await bytesOf(answer));
}

export function headerOf({ headers }: UpstreamAnswer, name: string): string | undefined {
  return headers.find(([written]) => written === name)?.[1];
}
