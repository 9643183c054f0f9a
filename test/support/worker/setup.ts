import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, vi } from "vitest";
import { RULES, useFloodLimit, useRules } from "./rules.ts";

beforeAll(async () => {
  const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
  await applyD1Migrations(env.DB, TEST_MIGRATIONS);
  useRules(RULES);
  useFloodLimit();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
