import { Hono } from "hono";
import { iso } from "../../../core/base/iso-time.ts";
import { secretRefsOf, type Credential } from "../../../core/registry/credential.ts";
import { secretRefText } from "../../../core/registry/secret-ref.ts";
import type { Ports } from "../../../ports/ports.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";
import type { Answer } from "../shared/answer.ts";
import type { VAULT_CHECK } from "./operations-schema.ts";

/** Concurrent checks: the platform allows a request six open connections, and a check may last a vault's time limit. */
const MAX_CONCURRENT = 4;

/** Checks that every credential of the registry can be fetched. No response contains a secret. */
export const vault = new Hono<GateEnv>().post("/v1/vault/check", requireRole(["admin"]), async (c) => {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  return c.json({ credentials: await checkAll([...registry.credentials], ports) } satisfies Answer<
    typeof VAULT_CHECK
  >);
});

async function checkAll(credentials: readonly (readonly [string, Credential])[], ports: Ports) {
  const views: Record<number, Awaited<ReturnType<typeof checkOne>>> = {};
  const waiting = credentials.entries();
  const work = async () => {
    // All workers share one iterator: each takes the next credential.
    for (const [at, [name, credential]] of waiting) views[at] = await checkOne(name, credential, ports);
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, work));
  return Object.values(views);
}

async function checkOne(
  name: string,
  credential: Credential,
  ports: Ports,
): Promise<Answer<typeof VAULT_CHECK>["credentials"][number]> {
  const found = await ports.checkSecret(name);
  const named = { name, ref: secretRefText(secretRefsOf(credential)[0]), ...tokenSource(credential) };
  if (!found.ok) return { ...named, ok: false, ...found.error };
  return { ...named, ok: true, ...(found.value !== null && { expires_at: iso(found.value) }) };
}

function tokenSource(credential: Credential) {
  return credential.kind === "stored" ? {} : { grant: credential.grant.type, token_url: credential.tokenUrl };
}
