/**
 * Errors as values. A function that can refuse returns one of these; exceptions are for bugs and failed infrastructure
 * only. Plain records, so that they cross a Durable Object's RPC boundary unchanged.
 */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
