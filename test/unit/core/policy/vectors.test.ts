import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { answerTo, rulesOf } from "../../../support/policy-vectors.ts";
import type { VectorFile } from "../../../support/policy-vectors.ts";

const FOLDER = new URL("../../../vectors/policies/", import.meta.url);

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

test("the folder of policy vectors is not empty", () => {
  expect(files.length).toBeGreaterThan(1);
});

test.each(files)(
  "the evaluator gives the expected decision for every case of vectors/policies/%s",
  (name) => {
    const sets = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as readonly VectorFile[];
    expect(sets.length).toBeGreaterThan(0);
    for (const set of sets) {
      const rules = rulesOf(set);
      for (const { expect: expected, ...input } of set.cases) {
        expect(answerTo(rules, input), JSON.stringify(input.ask)).toEqual(expected);
      }
    }
  },
);
