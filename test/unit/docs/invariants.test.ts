import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { citedBy, citingTests, invariantsIn, renderPage } from "../../../scripts/invariants.ts";
import { titlesBelow, titlesOf } from "../../../scripts/lint/test-titles.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const read = (path: string) => readFileSync(`${ROOT}${path}`, "utf8");

const titles = titlesBelow(ROOT, "test");
const invariants = invariantsIn(read("docs/threat-model.md"));
const tests = citingTests(titles);
const known = new Set(invariants.map(({ id }) => id));

test("docs/threat-model.md has the principle of measurement and the thirty invariants, each once and in order", () => {
  const ids = Array.from({ length: 31 }, (_, at) => `INV-${String(at).padStart(2, "0")}`);
  expect(invariants.map(({ id }) => id)).toEqual(ids);
});

test("every invariant is cited by at least one test", () => {
  const cited = new Set(tests.flatMap(({ cites }) => cites));
  expect([...known].filter((id) => !cited.has(id))).toEqual([]);
});

test("every cited invariant exists", () => {
  const unknown = titles.filter(({ title }) => citedBy(title).some((id) => !known.has(id)));
  expect(unknown).toEqual([]);
});

test("invariants are cited in front of a title, by id and never by a bare number", () => {
  const NUMBERED = /^(?:invariant )?\d+(?:(?:, | and )\d+)*[:.] /i;
  const odd = titles.filter(({ title }) => {
    const rest = title.replace(/^(?:INV-\d\d )*INV-\d\d: /, "");
    return /INV-?\s?\d/i.test(rest) || NUMBERED.test(rest);
  });
  expect(odd.map(({ file, title }) => `${file}: ${title}`)).toEqual([]);
});

test("docs/invariants.md is in step with the titles: node scripts/invariants.ts writes it", () => {
  expect(read("docs/invariants.md")).toBe(renderPage(invariants, tests));
});

describe("reading titles", () => {
  const SOURCE = `
    describe.each(ROWS)("INV-03: one person, %s", (_, go) => {
      test("votes once", () => { test.only; check("INV-99: no title"); });
      test.skipIf(x)(\`is \${word} at \${place}\`, go);
      for (const name of NAMES) test(name, go);
    });
    test.each([["INV-98: a row"]])("INV-03 INV-27: %s works once", go);
    test.for(ROWS)("uncited", go);
  `;
  const found = titlesOf(SOURCE, "x.test.ts");

  test("finds tests and describe blocks with their surroundings, and neither rows nor other calls", () => {
    expect(found.map(({ kind, within, title }) => [kind, within.length, title])).toEqual([
      ["describe", 0, "INV-03: one person, %s"],
      ["test", 1, "votes once"],
      ["test", 1, "is … at …"],
      ["test", 0, "INV-03 INV-27: %s works once"],
      ["test", 0, "uncited"],
    ]);
  });

  test("counts a test for the invariants that it or a describe block around it cites", () => {
    expect(citingTests(found)).toEqual([
      { file: "x.test.ts", name: "one person, %s › votes once", cites: ["INV-03"] },
      { file: "x.test.ts", name: "one person, %s › is … at …", cites: ["INV-03"] },
      { file: "x.test.ts", name: "%s works once", cites: ["INV-03", "INV-27"] },
    ]);
  });
});
