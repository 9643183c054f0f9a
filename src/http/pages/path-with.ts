import type { GateContext } from "../middleware/context.ts";

/** The list's address with some of the present parameters changed; null removes one. */
export function pathWith(
  c: GateContext,
  path: string,
  changes: Readonly<Record<string, string | null>>,
): string {
  const query = new URL(c.req.url).searchParams;
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
