import { GateError, GateOptionError } from "./gate-error.ts";

export interface VerifyWebhookOptions {
  /** The endpoint's secret, `whsec_…`; several while one replaces another. */
  readonly secret: string | readonly string[];
  /** The request's headers. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it arrived, byte for byte: parsed and written again it is another one. */
  readonly body: string | Uint8Array;
  /** How far the sender's clock may be off, in seconds. Default: 300. */
  readonly toleranceSeconds?: number;
}

export interface VerifiedWebhook {
  /** The same for every attempt: process each id once. */
  readonly id: string;
  /** When this attempt was signed. */
  readonly sentAt: Date;
  /** The event. */
  readonly event: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

const TOLERANCE_SECONDS = 300;

/**
 * Verifies an event that Gate sent (Standard Webhooks): signed with this secret, these bytes, and not long ago.
 *
 * @throws {GateError} `invalid_webhook`, `stale_webhook`: answer with 4xx, and do nothing else
 */
export async function verifyWebhook(options: VerifyWebhookOptions): Promise<VerifiedWebhook> {
  const { secret, headers, body, toleranceSeconds = TOLERANCE_SECONDS } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (secrets.length === 0) throw new GateOptionError("secret is required");
  const [id, timestamp, signatures] = (["id", "timestamp", "signature"] as const).map((name) =>
    headerOf(headers, `webhook-${name}`),
  );
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) {
    throw invalid("a header of Standard Webhooks is missing, or malformed");
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  if (!(await isSigned(signed, signatures, secrets))) throw invalid("no signature is of this secret");
  // After the signature: only the sender learns that its clock is off.
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= toleranceSeconds)) {
    throw new GateError("the webhook was signed too long ago, or in the future", { code: "stale_webhook" });
  }
  return { id, sentAt: new Date(Number(timestamp) * 1_000), event: eventIn(bytes) };
}

/** `subtle.verify` compares in constant time. */
async function isSigned(
  signed: Uint8Array<ArrayBuffer>,
  signatures: string,
  secrets: readonly string[],
): Promise<boolean> {
  for (const secret of secrets) {
    const bytes = secret.startsWith("whsec_") ? fromBase64(secret.slice("whsec_".length)) : null;
    if (bytes === null) throw new GateOptionError("secret must be whsec_ and base64");
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["verify"]);
    for (const signature of signatures.split(" ")) {
      const mark = signature.startsWith("v1,") ? fromBase64(signature.slice("v1,".length)) : null;
      if (mark !== null && (await crypto.subtle.verify("HMAC", key, mark, signed))) return true;
    }
  }
  return false;
}

function headerOf(headers: VerifyWebhookOptions["headers"], name: string): string | null {
  if (headers instanceof Headers) return headers.get(name);
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : null;
}

function eventIn(bytes: Uint8Array): VerifiedWebhook["event"] {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as VerifiedWebhook["event"];
  } catch (error) {
    throw invalid("its body is not JSON", error);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Null for anything but base64 of at least one byte. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function invalid(why: string, cause?: unknown): GateError {
  return new GateError(`not a webhook of Gate: ${why}`, { code: "invalid_webhook", cause });
}
