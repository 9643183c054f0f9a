import { afterEach, beforeAll, expect, inject, vi } from "vitest";
import { takeExchanges } from "../openapi/exchanges.ts";
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

/** Before any test replaces it. */
const sendOut = globalThis.fetch;

afterEach(async () => {
  const file = (expect.getState().testPath ?? "").split("/test/").at(-1) ?? "";
  const body = JSON.stringify({ file, exchanges: takeExchanges() });
  const response = await sendOut(`http://127.0.0.1:${inject("openApiPort")}/`, { method: "POST", body });
  expect(await response.json(), "responses that schemas/openapi.json does not describe").toEqual([]);
});
