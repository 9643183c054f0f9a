/** Exports beside the readers that read no hostile bytes, or a bounded number of them. */
export const NO_READERS: ReadonlyMap<string, string> = new Map([
  ...["doubt", "doubtText", "reasonText", "unknownFacts"].map(
    (name) => [`src/core/proposal/doubt.ts#${name}`, "reasons of Gate's own"] as const,
  ),
  ...["doubted", "known", "larger", "largerNumber", "merged", "total", "unknown"].map(
    (name) => [`src/core/proposal/measured.ts#${name}`, "numbers"] as const,
  ),
  ...["allUnknown", "doubtAbout", "withDoubts"].map(
    (name) => [`src/core/proposal/unknown-facts.ts#${name}`, "numbers and reasons"] as const,
  ),
  ["src/core/detection/decoding/markdown-links.ts#LinkSource", "state of markdownTexts"],
  ["src/core/detection/decoding/tags.ts#Source", "state of markupTexts"],
  ["src/core/proposal/measure/totals.ts#incomplete", "a reason"],
  ["src/core/proposal/measure/money.ts#minorUnitDigits", "a currency's three letters"],
  ["src/core/outbound/reads.ts#isReadMethod", "a method of a fixed set"],
  ["src/core/outbound/response.ts#mayHaveContent", "a method and a status"],
  ["src/core/outbound/addresses.ts#placesOf", "the operator's entries"],
  ["src/core/outbound/write-outcome.ts#writeOutcome", "a status and a flag"],
  ["src/core/base/json.ts#NotCanonical", "an error"],
  ["src/config/policy/parse.ts#idOf", "a file's name"],
]);
