import { parsePolicy } from "../../../../src/config/policy/parse.ts";
import { parseRegistry } from "../../../../src/config/registry/parse.ts";
import { readYaml } from "../../../../src/config/yaml/source.ts";
import { fromBase64, toBase64 } from "../../../../src/core/base/base64.ts";
import { fromBase64Url, toBase64Url } from "../../../../src/core/base/base64url.ts";
import { canonicalJson, jsonObjectIn } from "../../../../src/core/base/json.ts";
import { publicAddress } from "../../../../src/core/base/public-address.ts";
import { parseStrictJson } from "../../../../src/core/base/strict-json.ts";
import { JSON_SHAPES } from "../grammars.ts";
import { row } from "../row.ts";
import { bytesOf, many, mapped, shape, shapesOf } from "../shapes.ts";

const BASE = "src/core/base";

const YAML_SHAPES = shapesOf(
  [
    "a: 1\n",
    "- ",
    "- a\n",
    "[",
    "{",
    "]",
    "}",
    ",",
    "&a ",
    "*a ",
    "? ",
    ": ",
    "!",
    "# a\n",
    "'",
    '"',
    "|\n",
    "  ",
    "\n",
    "---\n",
    "<<: ",
    "\\",
    "%",
    "\t",
  ],
  [
    shape("keys", (size) => many(size, (index) => `k${index}: 1\n`)),
    shape("one key many times", (size) => "k: 1\n".repeat(size)),
    shape("a deep mapping", (size) =>
      many(Math.floor(Math.sqrt(size * 8)), (index) => `${" ".repeat(index)}a:\n`),
    ),
    shape("terms", (size) => `id: a\nblock_if_terms:\n${many(size, (index) => `  - t${index}\n`)}`),
    shape("destinations", (size) => `destinations:\n${many(size, (index) => `  a.b${index}: {}\n`)}`),
    shape("unknown keys", (size) => `id: a\n${many(size, (index) => `k${index}: 1\n`)}`),
  ],
);

const ADDRESSES = shapesOf([
  "http://",
  "a",
  ".",
  ":",
  "1",
  "0x",
  "[",
  "]",
  "@",
  "/",
  "%41",
  "::",
  "xn--",
  "-",
  "127.",
]);

export const CONFIG_ROWS = [
  row("src/config/yaml/source.ts#readYaml", YAML_SHAPES, (text) => readYaml("a.yaml", text), { size: 150 }),
  row("src/config/policy/parse.ts#parsePolicy", YAML_SHAPES, (text) => parsePolicy("a.yaml", text), {
    size: 150,
  }),
  row("src/config/registry/parse.ts#parseRegistry", YAML_SHAPES, (text) => parseRegistry("gate.yaml", text), {
    size: 150,
  }),
  row(`${BASE}/strict-json.ts#parseStrictJson`, JSON_SHAPES, parseStrictJson),
  row(
    `${BASE}/json.ts#jsonObjectIn`,
    JSON_SHAPES,
    (text) => {
      const value = jsonObjectIn(text) ?? { text: [text] };
      return canonicalJson(value);
    },
    { inside: [`${BASE}/json.ts#canonicalJson`, `${BASE}/json.ts#isJsonObject`] },
  ),
  row(
    `${BASE}/base64.ts#fromBase64`,
    shapesOf(["A", "=", "-", "+", "/", " ", "\n"]),
    (text) => [fromBase64(text), fromBase64Url(text), toBase64(bytesOf(text)), toBase64Url(bytesOf(text))],
    {
      inside: [
        `${BASE}/base64.ts#toBase64`,
        `${BASE}/base64url.ts#toBase64Url`,
        `${BASE}/base64url.ts#fromBase64Url`,
      ],
    },
  ),
  row(
    `${BASE}/public-address.ts#publicAddress`,
    mapped(ADDRESSES, (text) => `http://${text}`),
    (text) => publicAddress(text),
  ),
];
