import { Hono } from "hono";
import { secretRefText, type SecretRef } from "../../../core/registry/secret-ref.ts";
import type { Ports } from "../../../ports/ports.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";

/** Each may take a vault's whole patience; a platform lets one request have six open connections. */
const AT_ONCE = 4;

/** Whether what the registry names can be had. No door ever sees a secret. */
export const vault = new Hono<GateEnv>().post("/v1/vault/check", requireRole(["admin"]), async (c) => {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  return c.json({ credentials: await checkedAll([...registry.credentials], ports) });
});

async function checkedAll(credentials: readonly (readonly [string, SecretRef])[], ports: Ports) {
  const views: Record<number, Awaited<ReturnType<typeof checked>>> = {};
  const waiting = credentials.entries();
  const work = async () => {
    // One iterator for all workers: each takes what is next.
    for (const [at, [name, ref]] of waiting) views[at] = await checked(name, ref, ports);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return Object.values(views);
}

async function checked(name: string, ref: SecretRef, ports: Ports) {
  const found = await ports.checkSecret(name);
  const named = { name, ref: secretRefText(ref) };
  return found.ok ? { ...named, ok: true } : { ...named, ok: false, ...found.error };
}
