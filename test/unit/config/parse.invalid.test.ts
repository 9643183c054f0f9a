import { expect, test } from "vitest";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { INVALID, INVALID_DESTINATIONS, INVALID_FILE_NAMES } from "../../support/invalid-policies.ts";

const HEAD = "id: x\ndestinations: [crm.import]\n";

function problems(file: string, text: string) {
  const parsed = parsePolicy(file, text);
  return parsed.ok ? [] : parsed.error;
}

test.each(INVALID)(
  "INV-13: a policy is refused with place and correction for %s",
  (_name, rules, place, message) => {
    const found = problems("x.yaml", `${HEAD}${rules}\n`);
    const rendered = found.map((problem) => `${problem.line}:${problem.column}: ${problem.message}`);
    const [line, column] = place.split(":").map(Number);
    const there = found.filter((problem) => problem.line === line && problem.column === column);
    expect(
      there.some((problem) => message.test(problem.message)),
      rendered.join("\n"),
    ).toBe(true);
  },
);

test.each(INVALID_DESTINATIONS)("INV-13: a policy is refused for destinations: %s", (written, message) => {
  const found = problems("x.yaml", `id: x\ndestinations: ${written}\n`);
  expect(found.map((problem) => problem.message).join("\n")).toMatch(message);
});

test.each(INVALID_FILE_NAMES)("INV-13: a policy file named %j is refused, whatever it contains", (file) => {
  expect(problems(file, HEAD)).toHaveLength(1);
});

test("INV-13: every mistake of a file is reported at once, in the order of lines", () => {
  const found = problems(
    "x.yaml",
    "id: y\ndestinatons: [a.b]\nrequire_approval: true\nauto_approve_under: many\n",
  );
  expect(found.length).toBeGreaterThanOrEqual(4);
  expect(found.map(({ line }) => line)).toEqual(found.map(({ line }) => line).toSorted((a, b) => a - b));
});

test("INV-13: a policy whose id differs from its file name is refused", () => {
  expect(problems("crm.yaml", HEAD)[0]).toMatchObject({ file: "crm.yaml", line: 1, column: 5 });
});

test.each(["", "\n# only a comment\n", "[]", "just text", "null", "42"])(
  "INV-13: a file that is not a mapping is refused: %j",
  (text) => {
    expect(problems("x.yaml", text).length).toBeGreaterThan(0);
  },
);

test("INV-16: YAML aliases are accepted, and an alias bomb is refused", () => {
  const shared = `${HEAD}block_if_terms: &t [alpha]\nhold_if_terms: *t\n`;
  expect(parsePolicy("x.yaml", shared).ok).toBe(true);
  const levels = Array.from(
    { length: 12 },
    (_, n) => `l${n}: &l${n} [${`*l${n - 1},`.repeat(n === 0 ? 0 : 10)}x]`,
  );
  const found = problems("x.yaml", `${HEAD}${levels.join("\n")}\n`);
  expect(found.length).toBeGreaterThan(0);
  expect(found[0]?.message).toMatch(/alias/);
});

test("INV-16: a list that contains itself is refused", () => {
  expect(problems("x.yaml", `${HEAD}block_if_terms: &a [*a]\n`).length).toBeGreaterThan(0);
});

test("INV-16: nesting deeper than the stack and a file over a megabyte are refused without a throw", () => {
  expect(problems("x.yaml", `${HEAD}description: ${"[".repeat(50_000)}`).length).toBeGreaterThan(0);
  expect(problems("x.yaml", `${HEAD}#${"x".repeat(1_048_576)}`)[0]?.message).toMatch(/larger than/);
});

test("INV-16: a regular expression is matched in linear time or refused at load", () => {
  const parsed = parsePolicy("x.yaml", `${HEAD}field_checks: [{ path: a, pattern: "^(a+)+$" }]\n`);
  expect(parsed.ok).toBe(true);
  const pattern = parsed.ok ? parsed.value.base.fieldChecks?.[0]?.pattern : null;
  // The runtime's own engine would need longer than the universe for this text.
  expect(pattern?.test(`${"a".repeat(50_000)}b`)).toBe(false);
});
