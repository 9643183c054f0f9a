import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sameSecret } from "../../../src/app/execution/tokens.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A computed MAC, token or key beside an operator that stops at the first difference. */
const EARLY_EXIT = new RegExp(
  [
    String.raw`(?:hmac\w*|\w*[tT]oken|deriveKey|\w*[mM]acOf)\([^;\n]*\)\s*[!=]==`,
    String.raw`[!=]==\s*(?:hmac\w*|(?:execution|delivery)Token|ports\.token|deriveKey)\(`,
    String.raw`\b(?:signature|mac|token|secret)\s*[!=]==(?!\s*(?:undefined|null|""))`,
  ].join("|"),
);

function sources(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

test.each([
  ["if (hmacHex(key, body) === given) return;", true],
  ["return given !== executionToken(ports, order);", true],
  ["if (signature !== right) return err();", true],
  ["return sameSecret(given, executionToken(ports, order));", false],
])("the search for early-exit comparisons judges %j: %s", (line, isFound) => {
  expect(EARLY_EXIT.test(line)).toBe(isFound);
});

test("INV-27: no MAC, signature or token is compared with an operator that stops at the first difference", () => {
  const files = ["src", "durable-objects"].flatMap(sources);
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((file) => EARLY_EXIT.test(readFileSync(`${ROOT}${file}`, "utf8")));
  expect(found).toEqual([]);
});

test("INV-27: comparing secrets by digest agrees with equality for any two texts", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(sameSecret(one, other)).toBe(one === other);
      expect(sameSecret(one, one)).toBe(true);
    }),
  );
});
