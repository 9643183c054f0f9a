import { expect, test } from "vitest";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import {
  covers,
  destinationsCovering,
  useOf,
  type MandateScope,
  type MandateUse,
} from "../../../../src/core/intent/mandate.ts";

const OPEN: MandateScope & { readonly maxRecords: number | null } = {
  destination: null,
  policy: null,
  agent: null,
  principalId: null,
  maxCents: null,
  maxRecords: null,
};

const USE: MandateUse = {
  intent: "int_1",
  destination: "crm.import",
  policies: ["crm", "money"],
  agent: "agt_1",
  principalId: "acct-7",
  cents: 10_000,
  records: 100,
};

// Each line: what the mandate says, what the intent is besides `USE`, and whether the one covers the other.
const TABLE: readonly (readonly [Partial<typeof OPEN>, Partial<MandateUse>, boolean])[] = [
  [{}, {}, true],
  [{ destination: "crm.import" }, {}, true],
  [{ destination: "crm.imports" }, {}, false],
  [{ destination: "crm.impor" }, {}, false],
  [{ destination: "CRM.import" }, {}, false],
  [{ destination: "crm" }, {}, false],
  [{ destination: "crm.*" }, {}, true],
  [{ destination: "cr.*" }, {}, false],
  [{ destination: "crm.*" }, { destination: "crmx.import" }, false],
  [{ destination: "crm.*" }, { destination: "crm." }, false],
  [{ destination: "crm.import.*" }, { destination: "crm.import" }, false],
  [{ destination: "crm.import.*" }, { destination: "crm.import.leads" }, true],
  [{ policy: "crm" }, {}, true],
  [{ policy: "money" }, {}, true],
  [{ policy: "cr" }, {}, false],
  [{ policy: "crm" }, { policies: [] }, false],
  [{ agent: "agt_1" }, {}, true],
  [{ agent: "agt_2" }, {}, false],
  [{ agent: "AGT_1" }, {}, false],
  [{ principalId: "acct-7" }, {}, true],
  [{ principalId: "acct-8" }, {}, false],
  [{ principalId: "acct-7" }, { principalId: null }, false],
  [{ principalId: null }, { principalId: null }, true],
  [{ maxCents: 10_000 }, {}, true],
  [{ maxCents: 9_999 }, {}, false],
  [{ maxCents: 10_000 }, { cents: 0 }, true],
  [{ maxCents: 10_000 }, { cents: null }, false],
  [{ maxCents: 10_000 }, { cents: -1 }, false],
  [{ maxCents: 10_000 }, { cents: Number.NaN }, false],
  [{ maxCents: 10_000 }, { cents: Number.POSITIVE_INFINITY }, false],
  [{ maxCents: Number.NaN }, {}, false],
  [{ maxRecords: 100 }, {}, true],
  [{ maxRecords: 99 }, {}, false],
  [{ maxRecords: 100 }, { records: null }, false],
  [{ maxRecords: 100 }, { records: -1 }, false],
  [{ maxRecords: 100 }, { records: Number.NaN }, false],
  // All of them at once, and all but one.
  [
    { ...OPEN, destination: "crm.*", policy: "crm", agent: "agt_1", maxCents: 10_000, maxRecords: 100 },
    {},
    true,
  ],
  [
    { ...OPEN, destination: "crm.*", policy: "crm", agent: "agt_1", maxCents: 10_000, maxRecords: 99 },
    {},
    false,
  ],
];

test.each(TABLE)("INV-08: a mandate with %o and an intent with %o: %s", (scope, use, expected) => {
  expect(covers({ ...OPEN, ...scope }, { ...USE, ...use })).toBe(expected);
});

test("INV-08: the lookup of mandates by destination finds exactly those that can match", () => {
  const names = ["crm.import", "crm", "crm.import.leads", "a:b/c.d", "x.", ".y", "a..b"];
  const patterns = [...names, ...names.map((name) => `${name}.*`), "*", ".*", "crm.imp*", "a.*", "x.*"];
  for (const name of names) {
    const found = destinationsCovering(name);
    for (const pattern of patterns.filter((each) => each !== "*" && each !== ".*")) {
      const isMatch = covers({ ...OPEN, destination: pattern }, { ...USE, destination: name });
      if (isMatch) expect(found, `${pattern} for ${name}`).toContain(pattern);
    }
  }
  expect(destinationsCovering("crm.import.leads")).toEqual(["crm.import.leads", "crm.*", "crm.import.*"]);
});

const FACTS: Facts = {
  payload: "content",
  type: "json",
  declaredType: null,
  typeContradiction: false,
  decodable: true,
  bytes: 10,
  records: { declared: 3, measured: 5, effective: 5, uncertain: false },
  valueUsdCents: { declared: 700, measured: 500 },
  money: "measured",
  totals: [],
  recipients: null,
};

const TERMS = {
  id: "int_1",
  destination: "crm.import",
  policies: [{ id: "crm", hash: "h" }],
  agent: "agt_1",
};

const READINGS: readonly (readonly [string, Partial<Facts>, number | null, number | null])[] = [
  ["the larger of measured and declared counts", {}, 700, 5],
  ["a higher measured value counts", { valueUsdCents: { declared: 1, measured: 500 } }, 500, 5],
  [
    "an amount neither measured nor declared is unknown",
    { valueUsdCents: { declared: null, measured: null } },
    null,
    5,
  ],
  [
    "an amount that is missing makes it unknown",
    { money: "incomplete", valueUsdCents: { declared: 1, measured: null } },
    null,
    5,
  ],
  [
    "so does another currency",
    { money: "foreign_currency", valueUsdCents: { declared: 1, measured: null } },
    null,
    5,
  ],
  [
    "records that only the agent counted are unknown",
    { records: { declared: 3, measured: null, effective: 3, uncertain: false } },
    700,
    null,
  ],
  [
    "records that are not where they should be are unknown",
    { records: { ...FACTS.records, uncertain: true } },
    700,
    null,
  ],
  ["of a payload that Gate has not seen nothing is known", { payload: "reference" }, null, null],
];

test.each(READINGS)("INV-08: a use is counted against a cap: %s", (_, facts, cents, records) => {
  expect(useOf(TERMS, null, { ...FACTS, ...facts })).toMatchObject({ cents, records });
});

test("INV-08: the use of an erased intent has unknown amount and records", () => {
  expect(useOf(TERMS, null, null)).toMatchObject({ cents: null, records: null, policies: ["crm"] });
});
