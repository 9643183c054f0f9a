import { describe, expect, test } from "vitest";
import { holdHidden } from "../../../../src/core/policy/rules/content-rules.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";

/* CSV as Excel saves it: `sep=;` in the first line, and Windows-1252. */

const CONTACTS = "Name;Straße\r\nJürgen;Hauptstr. 1\r\nAnn;B 2\r\n";

function measured(text: string, encoding: "latin1" | "utf8", mediaType: string | null) {
  const payload = {
    kind: "content",
    bytes: Buffer.from(text, encoding),
    name: "kontakte.csv",
    mediaType,
  } as const;
  return measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
}

describe("CSV from Excel", () => {
  test("with a first line sep=; counts as the reader that finds most: Excel 2, Python's csv the header as well", () => {
    const facts = measured(`sep=;\r\n${CONTACTS}`, "utf8", "text/csv");
    expect(facts).toMatchObject({
      type: "csv",
      decodable: true,
      records: { effective: 3, uncertain: false },
    });
    expect(facts.doubts).toBeUndefined();
  });

  test("in Windows-1252 that its media type names is counted and read like UTF-8", () => {
    const facts = measured(CONTACTS, "latin1", "text/csv; charset=windows-1252");
    expect(facts).toMatchObject({
      type: "csv",
      decodable: true,
      records: { effective: 2, uncertain: false },
    });
  });

  test("in Windows-1252 that nothing names is counted, and its words are not cleared, with a sentence that says why", () => {
    const facts = measured(CONTACTS, "latin1", "text/csv");
    expect(facts).toMatchObject({
      type: "csv",
      decodable: false,
      records: { effective: 2, uncertain: false },
    });
    const { code, reason, remedy } = holdHidden("undecodable", facts);
    expect(code).toBe("payload_not_inspectable");
    expect(reason).toContain("it is not UTF-8, or names another (Excel saves CSV as Windows-1252)");
    expect(remedy).toContain("text/csv; charset=windows-1252");
  });

  test("a workbook that can't be read keeps the sentence about its form", () => {
    expect(holdHidden("undecodable", { type: "xlsx" }).reason).toContain("compressed, encrypted or unknown");
  });
});
