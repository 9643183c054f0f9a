import { expect, test } from "vitest";
import { documentedRules } from "../../support/documented-rules.ts";
import { editorWith } from "../../support/editor.ts";
import { INVALID_FIXTURES, loaderAccepts, VALID_FIXTURES } from "../../support/rule-fixtures.ts";
import type { RuleFixture } from "../../support/rule-fixtures.ts";
import { ONLY_THE_LOADER_REFUSES } from "./only-the-loader-refuses.ts";

const EDITORS = {
  gate: editorWith("gate"),
  policy: editorWith("policy"),
  "policy-cases": editorWith("policy-cases"),
};

const editorAccepts = ({ schema, text }: RuleFixture) => EDITORS[schema].accepts(text);
const names = (fixtures: readonly RuleFixture[]) => fixtures.map(({ name }) => name);

test("an editor accepts every valid file of the package, the tests and the vectors", () => {
  expect(VALID_FIXTURES.length).toBeGreaterThan(200);
  expect(names(VALID_FIXTURES.filter((fixture) => !loaderAccepts(fixture)))).toEqual([]);
  expect(names(VALID_FIXTURES.filter((fixture) => !editorAccepts(fixture)))).toEqual([]);
});

test("an editor accepts every example in the documents", () => {
  const examples = documentedRules();
  expect(examples.length).toBeGreaterThan(20);
  expect(names(examples.filter((fixture) => !editorAccepts(fixture)))).toEqual([]);
});

test("an editor refuses every invalid fixture whose fault a schema can express", () => {
  expect(INVALID_FIXTURES.length).toBeGreaterThan(300);
  expect(names(INVALID_FIXTURES.filter(loaderAccepts))).toEqual([]);
  const listed = Object.values(ONLY_THE_LOADER_REFUSES).flat();
  expect(names(INVALID_FIXTURES.filter(editorAccepts)).toSorted()).toEqual(listed.toSorted());
});
