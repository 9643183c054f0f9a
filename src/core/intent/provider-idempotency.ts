import type { Header } from "../outbound/header-names.ts";
import type { HttpWrite } from "../outbound/http-write.ts";

/** The same for every attempt of one intent. Unguessable, because an intent's id holds 256 random bits. */
export function providerIdempotencyKey(intentId: string): string {
  return `gate_${intentId.slice("int_".length)}`;
}

/** The header by which the upstream recognises a repeat; null where the agent set it, or the destination names none. */
export function repeatHeader(
  { idempotencyHeader: name, headers }: HttpWrite,
  intentId: string,
): Header | null {
  const isPresent = name === null || headers.some(([header]) => header === name);
  return isPresent ? null : [name, providerIdempotencyKey(intentId)];
}
