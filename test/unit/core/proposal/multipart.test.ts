import { describe, expect, test } from "vitest";
import { NO_HINTS, type MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";

const MONEY: MeasureHints = {
  ...NO_HINTS,
  amount: { path: "amount", unit: "minor", currency: { code: "USD" } },
};

function measured(text: string, mediaType = "multipart/form-data; boundary=a") {
  const payload = { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType } as const;
  return measure(payload, MONEY, { recordCount: null, estimatedValueUsd: null });
}

function part(disposition: string, value: string, boundary = "a"): string {
  return `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
}

const SMALL = part('name="amount"', "1");
const LARGE = part('name="amount"', "90000");

describe("a multipart body with one reading", () => {
  test.each([
    ["as browsers write it", `${SMALL}--a--\r\n`, undefined],
    ["without a line's end behind it", `${SMALL}--a--`, undefined],
    ["with something before and behind it", `this is mime\r\n${SMALL}--a--\r\nbye`, undefined],
    ["with lines that end as on Unix", `${SMALL}--a--\r\n`.replaceAll("\r\n", "\n"), undefined],
    ["its boundary quoted", `${SMALL}--a--\r\n`, 'multipart/form-data; charset=utf-8; boundary="a";'],
    ["a name without quotes", `${part("name=amount", "1")}--a--\r\n`, undefined],
    [
      "a semicolon in a file's name",
      `${SMALL}${part('name="f"; filename="a; b.txt"', "x")}--a--\r\n`,
      undefined,
    ],
    [
      "a file's name twice, as clients do",
      `${SMALL}${part("name=f; filename=a; filename*=utf-8''a", "x")}--a--\r\n`,
      undefined,
    ],
  ])("is measured: %s", (_what, text, mediaType) => {
    expect(measured(text, mediaType)).toMatchObject({
      money: "measured",
      valueUsdCents: { measured: 1 },
      typeContradiction: false,
    });
  });
});

describe("INV-00: a multipart body in which parsers find different parts", () => {
  const other = `${LARGE.replace("--a", "--b")}--b--\r\n`;
  const both = `${other}${SMALL}--a--\r\n`;

  test.each([
    ["two boundaries", both, "multipart/form-data; boundary=a; boundary=b"],
    ["one of them continued", both, "multipart/form-data; boundary=a; boundary*=utf-8''b"],
    ["one of them in quotes", both, 'multipart/form-data; x="; boundary=a"; boundary=b'],
    ["a boundary with an escape", both, 'multipart/form-data; boundary="\\a"'],
    ["no name before the parameters' end", both, 'multipart/form-data; boundary="a" b'],
    ["parts behind the end", `${SMALL}--a--\r\n${LARGE}--a--\r\n`, undefined],
    ["an end that only some see", `${SMALL}${part("name=x", `1\n--a--\n${LARGE}`)}--a--\r\n`, undefined],
    ["a beginning that only some see", `x--a\r\n${LARGE}${SMALL}--a--\r\n`, undefined],
    ["a field with two names", `${SMALL}${part('name="x"; name="amount"', "90000")}--a--\r\n`, undefined],
    ["one of them continued", `${SMALL}${part("name=x; name*=utf-8''amount", "90000")}--a--\r\n`, undefined],
    ["a name with an escape", `${SMALL}${part('name="am\\ount"', "90000")}--a--\r\n`, undefined],
    [
      "a name in a file's name",
      `${SMALL}${part('filename="; name=x"; name="amount"', "90000")}--a--\r\n`,
      undefined,
    ],
    [
      "a header there twice",
      `${SMALL}${part('name="x"\r\nContent-Disposition: form-data; name="amount"', "90000")}--a--\r\n`,
      undefined,
    ],
    [
      "headers that end for some only",
      `${SMALL}${part('name="x"\n\nX: 1\r\nContent-Disposition: form-data; name="amount"', "90000")}--a--\r\n`,
      undefined,
    ],
  ])("contradicts its type: %s", (_what, text, mediaType) => {
    expect(measured(text, mediaType)).toMatchObject({ typeContradiction: true, money: "incomplete" });
  });
});
