import { describe, expect, test } from "vitest";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";

const NOTHING = { recordCount: null, estimatedValueUsd: null };
const JSON_TYPE = "application/json";

function recordsOf(text: string, mediaType: string): number | null {
  const bytes = new TextEncoder().encode(text);
  const { records } = measure({ kind: "content", bytes, name: null, mediaType }, NO_HINTS, NOTHING);
  return records.uncertain ? null : records.measured;
}

const things = (count: number): readonly object[] => Array.from({ length: count }, (_, id) => ({ id }));
const json = (value: object | string): string => JSON.stringify(value);

describe("INV-00: a batch within a request counts as many records as its API writes", () => {
  test.each([
    [
      "collections in Salesforce's composite",
      250,
      { compositeRequest: [200, 50].map((count) => ({ body: { records: things(count) } })) },
    ],
    ["the parameters of JSON-RPC", 50, { jsonrpc: "2.0", method: "create", params: things(50) }],
    ["JSON:API's data", 40, { data: things(40) }],
    [
      "GraphQL's aliases",
      3,
      { query: "mutation { a: drop(id: 1) { id } b: drop(id: 2) c: drop(id: 3) @skip(if: false) }" },
    ],
    [
      "GraphQL's list of ids in variables",
      500,
      {
        query: "mutation($ids: [ID!]!) { drop(ids: $ids) }",
        variables: { ids: things(500).map((_, id) => id) },
      },
    ],
    [
      "GraphQL's list of ids in the document",
      4,
      { query: 'mutation { drop(ids: ["a", "b}", "c", "d"]) { count } }' },
    ],
    [
      "GraphQL's list of objects in the document",
      2,
      { query: "mutation { add(input: {rows: [{id: 1}, {id: 2}]}) { id } }" },
    ],
    [
      "records below a relation in a Salesforce tree",
      7,
      {
        records: [
          { attributes: { type: "Account" }, Contacts: { records: things(3) } },
          { Contacts: { records: things(1) }, Cases: { records: things(1) } },
        ],
      },
    ],
    ["a list as text in a member that holds one", 50, { payload: json(things(50)) }],
    ["a batch as text in a member", 20, { body: json({ records: things(20) }) }],
    ["a body that is sent as text", 30, json(things(30))],
    ["texts that only look like a list", 1, { data: "[note] call back", body: "{{name}}" }],
    ["a list of items", 9, { items: things(9) }],
    ["one GraphQL mutation", 1, { query: "mutation { add(input: {id: 1, tags: [1, 2]}) { id name } }" }],
    ["a GraphQL query", 1, { query: "{ a { id } b { id } }" }],
    ["an order and its lines", 1, { order: { id: 1 }, line_items: things(3) }],
  ])("%s: %i", (_, count, body) => {
    expect(recordsOf(json(body), JSON_TYPE)).toBe(count);
  });

  test("a batch in a field of a form", () => {
    const form = new URLSearchParams({ payload: json({ records: things(50) }) }).toString();
    expect(recordsOf(form, "application/x-www-form-urlencoded")).toBe(50);
  });

  test("wrappers nested to the parser's limit take linear time", () => {
    const nested = `${'{"data":[{"body":'.repeat(60)}1${"}]}".repeat(60)}`;
    expect(recordsOf(nested, JSON_TYPE)).toBe(1);
  });
});
