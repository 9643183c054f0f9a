import { afterEach, beforeAll, vi } from "vitest";
import { restoreBindings } from "./bindings.ts";
import { startWithRules } from "./rules.ts";
import { emptyStorage } from "./storage.ts";

/*
 * Runs before each test file. Files share a runtime, so each starts from empty storage and from the bindings, the rules
 * and the clock that the first one had.
 */

restoreBindings();

beforeAll(async () => {
  await emptyStorage();
  await startWithRules();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
