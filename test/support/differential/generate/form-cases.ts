import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { ADDRESSES, disguised, MONEY, mostly, mutated } from "./atoms.ts";
import { encoded } from "./encodings.ts";

/** A field's name as languages normalise it; `N` is the name. */
const NAMES = [
  "N[]",
  "N[0]",
  "N[1]",
  "[N]",
  " N",
  "N ",
  "+N",
  "N%00",
  "N%00x",
  "%4E",
  "N[",
  "N]",
  "N[][]",
  "N[x]",
  "N.x",
  "x[N]",
  "N[%5D",
  "N%5B%5D",
  "\u{feff}N",
  "N%20",
  "N;x",
  "amp;N",
  "?N",
  "N[%00]",
] as const;

const FIELDS = ["amount", "amount", "to", "id", "items", "note"] as const;

const value = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("1", "9000", "5", "a@x.example", "Ann") },
  { weight: 5, arbitrary: fc.constantFrom(...MONEY) },
  { weight: 3, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 2, arbitrary: disguised },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "[1,2,3]",
      '[{"id":1},{"id":2}]',
      '{"amount":9000}',
      '["a@x.example","b@x.example"]',
      "1\n2\n3",
      "1\u{85}2\u{85}3",
      "1\u{2028}2",
      "1\n2\u{1d}3",
      "a@x.example\u{2029}b@x.example",
    ),
  },
);

const spelledName = fc
  .tuple(fc.constantFrom(...FIELDS), mostly(fc.constant("N"), fc.constantFrom(...NAMES)))
  .map(([field, spelling]) => {
    const percent = `%${field.charCodeAt(0).toString(16)}${field.slice(1)}`;
    return spelling === "%4E" ? percent : spelling.replace("N", () => field);
  });

const pair = fc
  .tuple(
    spelledName,
    value,
    mostly(fc.constant("="), fc.constantFrom("==", "%3D", ""), 12),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([name, written, sign, coding]) => {
    if (coding === 0) return `${name}${sign}${written}`;
    return `${name}${sign}${encodeURIComponent(written).replaceAll("%20", coding === 1 ? "+" : "%20")}`;
  });

const SEPARATORS = [";", "&&", "&amp;", "\n", "&\n", "%26", " & ", ",", "?"] as const;

const form = fc
  .array(fc.tuple(pair, mostly(fc.constant("&"), fc.constantFrom(...SEPARATORS))), {
    minLength: 1,
    maxLength: 5,
  })
  .map((pairs) =>
    pairs
      .map(([written, separator]) => written + separator)
      .join("")
      .replace(/[&;]$/, ""),
  );

const TYPES = [
  "application/x-www-form-urlencoded",
  "application/x-www-form-urlencoded",
  "application/x-www-form-urlencoded",
  "Application/X-WWW-Form-Urlencoded",
  null,
] as const;

export const formCases: fc.Arbitrary<BodyCase> = fc
  .tuple(
    form.chain((text) => mutated(text)).chain(encoded),
    fc.constantFrom(...TYPES),
    fc.constantFrom("api", "proxy"),
    fc.constantFrom("major", "minor"),
  )
  .map(([{ bytes, parameters }, mediaType, door, unit]) => ({
    family: "form",
    mediaType: mediaType === null ? null : mediaType + parameters,
    name: null,
    door,
    unit,
    records: null,
    body: bytes,
  }));
