import { afterEach, expect, inject } from "vitest";
import { takeExchanges } from "./exchanges.ts";
import { compareExchanges, noteFile } from "./recorder.ts";

/* Runs in each file of the black-box tests: a response that the document does not describe fails its test. */

afterEach(() => {
  const folder = inject("openApiFolder");
  noteFile((expect.getState().testPath ?? "").split("/test/").at(-1) ?? "", folder);
  const problems = compareExchanges(takeExchanges(), folder);
  expect(problems, "responses that schemas/openapi.json does not describe").toEqual([]);
});
