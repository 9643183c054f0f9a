import { GateUnavailableError } from "./gate-error.ts";
import type { PublicKeySet } from "./jws.ts";

/** A key that was withdrawn stops verifying after that time. */
const FRESH_MS = 10 * 60_000;

/** An order that names an unknown key must not make this program read the keys at once again (flood). */
const READ_AGAIN_MS = 30_000;

const TIMEOUT_MS = 5_000;

interface Known {
  readonly keys: PublicKeySet["keys"];
  readonly at: number;
}

const known = new Map<string, Promise<Known>>();

/** Gate's published keys; read again where none has this id. @throws {GateUnavailableError} `keys_unavailable` */
export async function publishedKeys(
  endpoint: string | URL,
  kid: string | null,
): Promise<PublicKeySet["keys"]> {
  const url = new URL(".well-known/jwks.json", `${String(endpoint).replace(/\/$/, "")}/`).href;
  const { keys, at } = await (known.get(url) ?? read(url));
  const ageMs = Date.now() - at;
  const isMissing = kid !== null && !keys.some((key) => key["kid"] === kid);
  if (ageMs < FRESH_MS && !(isMissing && ageMs > READ_AGAIN_MS)) return keys;
  return (await read(url)).keys;
}

/** One read for all that ask at once; what failed is asked anew by the next. */
function read(url: string): Promise<Known> {
  const reading = fetched(url);
  known.set(url, reading);
  reading.catch(() => known.delete(url));
  return reading;
}

async function fetched(url: string): Promise<Known> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { keys } = (await response.json()) as { readonly keys?: unknown };
    if (response.status !== 200 || !Array.isArray(keys)) throw new Error(`HTTP ${response.status}`);
    return { keys: keys as PublicKeySet["keys"], at: Date.now() };
  } catch (error) {
    throw new GateUnavailableError(`can't read Gate's published keys at ${url}`, {
      code: "keys_unavailable",
      cause: error,
      remedy: "Check the endpoint, or pass keys.",
    });
  }
}
