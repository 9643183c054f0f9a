import { describe, expect, test } from "vitest";
import { z } from "zod";
import { describeProperties } from "../../../scripts/schemas/describe.ts";
import { fieldDescriptions } from "../../../scripts/schemas/field-tables.ts";
import { jsonSchemaOf } from "../../../scripts/schemas/json-schema.ts";

const MARKDOWN = `# A document

## Fields

Words before.

| key | meaning |
|---|---|
| \`name\` | A name, as [elsewhere](other.md). |
| \`mode: fast\` | **Fast** or \\| not ([modes](#modes)). |
| \`from\`, \`until\` | A time. |

## Channels

| type | key | meaning |
|---|---|---|
| | \`for\` | Who. |
| \`mail\`, \`post\` | \`to\` | An address. |

### More

| key | meaning |
|---|---|
| \`hidden\` | Of another section. |
`;

const tables = (heading: string, at = "") => [{ markdown: MARKDOWN, heading, at }];

test("a table's rows are descriptions by path, without links and emphasis", () => {
  expect([...fieldDescriptions(tables("## Fields"))]).toEqual([
    ["name", "A name, as elsewhere."],
    ["mode", "Fast or | not."],
    ["from", "A time."],
    ["until", "A time."],
  ]);
  expect([...fieldDescriptions(tables("## Channels", "channels.*")).keys()]).toEqual([
    "channels.*.for",
    "channels.*(mail).to",
    "channels.*(post).to",
  ]);
});

test("a missing heading and a second row for a key stop the generator", () => {
  expect(() => fieldDescriptions(tables("## Nowhere"))).toThrow("no heading ## Nowhere");
  expect(() => fieldDescriptions([...tables("## Fields"), ...tables("## Fields")])).toThrow(
    /second row for name/,
  );
});

describe("describing properties", () => {
  const schema = () =>
    jsonSchemaOf(
      z.strictObject({
        list: z.array(
          z.discriminatedUnion("type", [
            z.strictObject({ type: z.literal("a"), to: z.string() }),
            z.strictObject({ type: z.literal("b"), to: z.string() }),
          ]),
        ),
        envs: z.record(z.string(), z.strictObject({ list: z.string().optional() })),
      }),
    );
  const all = new Map([
    ["list", "List."],
    ["list[].type", "Type."],
    ["list[].to", "Any."],
    ["list[](b).to", "Of b."],
    ["envs", "Envs."],
  ]);
  const inherited = { "envs.*.": "" };

  test("a row about one form of an entry comes before a row about all, and overrides inherit", () => {
    const described = schema();
    describeProperties(described, all, inherited);
    expect(described).toMatchObject({
      properties: {
        list: {
          description: "List.",
          items: {
            oneOf: [
              { properties: { type: { description: "Type." }, to: { description: "Any." } } },
              { properties: { to: { description: "Of b." } } },
            ],
          },
        },
        envs: { additionalProperties: { properties: { list: { description: "List." } } } },
      },
    });
  });

  test("a property without a row, a row without a property and an unknown type stop the generator", () => {
    const without = new Map([...all].filter(([path]) => path !== "envs"));
    expect(() => describeProperties(schema(), without, inherited)).toThrow("no description of envs");
    const more = new Map([...all, ["lists", "Renamed."]]);
    expect(() => describeProperties(schema(), more, inherited)).toThrow("not in the schema: lists");
    const unknown = jsonSchemaOf(z.strictObject({ body: z.custom() }));
    expect(() => describeProperties(unknown, new Map([["body", "Anything."]]))).toThrow("body has no type");
  });
});

test("an editor shows the loader's sentence where a pattern does not match", () => {
  const schema = jsonSchemaOf(z.strictObject({ id: z.string().regex(/^a/, { error: "must begin with a" }) }));
  expect(schema.properties?.["id"]).toMatchObject({
    pattern: "^a",
    patternErrorMessage: "must begin with a",
  });
});
