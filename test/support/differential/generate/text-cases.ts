import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { disguised, mutated } from "./atoms.ts";
import { encoded } from "./encodings.ts";

const ATOMS = [
  "&",
  ";",
  "#",
  "<",
  ">",
  '"',
  "'",
  "*",
  "_",
  "[",
  "]",
  "(",
  ")",
  "\\",
  "\n",
  " ",
  "-->",
  "<!--",
  "\u{a0}",
];

const FRAMES = [
  "T",
  "T",
  "<p>T</p>",
  "<!doctype html><title>x</title><p>T",
  "# Title\n\nT",
  "- T\n- x",
  "Dear all,\nT\nBest",
  "<div a='1'>T<br>",
] as const;

const text = fc
  .tuple(disguised, fc.constantFrom(...FRAMES))
  .map(([phrase, frame]) => frame.replace("T", () => phrase));

const textBody = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: text.chain((written) => mutated(written, ATOMS)) },
);

export const textCases: fc.Arbitrary<BodyCase> = fc
  .tuple(
    textBody.chain(encoded),
    fc.constantFrom("text/html", "text/plain", "text/markdown"),
    fc.constantFrom("api", "proxy"),
  )
  .map(([{ bytes, parameters }, mediaType, door]) => ({
    family: "text",
    mediaType: mediaType + parameters,
    name: null,
    door,
    unit: "major",
    records: null,
    body: bytes,
  }));
