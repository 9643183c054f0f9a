import fc from "fast-check";

/** Mostly ordinary: a body with an oddity in every place is refused by every reader, and shows nothing. */
export function mostly<T>(ordinary: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 4): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: ordinary }, { weight: 1, arbitrary: odd });
}

/** Amounts as people, spreadsheets and languages write them. */
export const MONEY = [
  "1",
  "12.50",
  "9000",
  "9.000",
  "1,250",
  "1.250,00",
  "1,250.00",
  "9,000.5",
  "12,5",
  "$9000",
  "9000 USD",
  "9 000",
  "9'000",
  "9_000",
  "1e3",
  "0x2328",
  "0b11",
  "0o17",
  "٩٠٠٠",
  "９０００",
  "9000abc",
  "1 9000",
  "+9000",
  " 9000",
  "9000\t",
  "-1",
  "(1)",
  "1.999",
  "0.005",
  "9007199254740993",
  "NaN",
  "Infinity",
  "inf",
  "",
  '"9000"',
  "1\u{a0}250",
  "1;9000",
  "1/1",
  "9000.",
  ".5",
  "1.2.3",
  "9.0.0.0",
  "९०००",
] as const;

export const ADDRESSES = [
  "a@x.example",
  "a@x.example, b@x.example",
  "a@x.example; b@x.example",
  "a@x.example b@x.example",
  "a@x.example\nb@x.example",
  "a@x.example\tb@x.example",
  "a@x.example\r\nBcc: b@x.example",
  '"Doe, Jane" <a@x.example>',
  '"a@x.example" <b@x.example>',
  "Team: a@x.example, b@x.example;",
  "<a@x.example>,<b@x.example>",
  "<a@x.example><b@x.example>",
  "a@x.example (b@x.example)",
  "a@x.example，b@x.example",
  "a@x.example|b@x.example",
  "a@x.example/b@x.example",
  "undisclosed-recipients:;",
  "=?utf-8?q?a=40x.example=2Cb=40x.example?=",
  "a@x.example,",
  "",
] as const;

/** Where readers of tables, lines and texts part ways. */
export const AMBIGUOUS = [
  '"',
  '""',
  '\\"',
  "\\",
  "\\\n",
  "'",
  '"\n',
  '\n"',
  '",',
  ',"',
  ';"',
  '\t"',
  ' "',
  '" ',
  "\n",
  "\r",
  "\r\n",
  "\n\n",
  "\v",
  "\f",
  "\u{1c}",
  "\u{1d}",
  "\u{1e}",
  "\u{1f}",
  "\u{85}",
  "\u{2028}",
  "\u{2029}",
  "\0",
  "\u{feff}",
  "\u{200b}",
  "\u{1a}",
  ",",
  ";",
  "\t",
  "|",
  "=",
  "&",
  "%",
  "+",
  "#",
  "--",
  "{",
  "}",
  "[",
  "]",
  ":",
  "<",
  ">",
] as const;

/** How a phrase is written so that a program joins what a scan sees apart; `A` and `B` are its words. */
const JOINTS = [
  "A B",
  "A&nbsp;B",
  "A&nbsp B",
  "A&nbspB",
  "A&#160B",
  "A&#0032;B",
  "A&#x000020;B",
  "A&Tab;B",
  "A&NewLine;B",
  "A&ensp;B",
  "A&NonBreakingSpace;B",
  "A <!-- x > -->B",
  "A<!-->--> B",
  "<b>A</b> B",
  '<i title=">">A</i> B',
  "<i title='a>b'>A</i> B",
  "A <br/>B",
  "A<wbr> B",
  "A <?x ?>B",
  "<a href=x>A</a> B",
  "[A](u) B",
  "[A](https://x.example/a_(b)) B",
  "[A][1] B\n\n[1]: https://x.example",
  "![A](u) B",
  "**A** B",
  "_A_ __B__",
  "A\\\nB",
  "A  \nB",
  "> A\n> B",
  "~~A~~ B",
  "\\A B",
  "`A` B",
  "A\nB",
  "A\u{a0}B",
  "A\tB",
] as const;

const WORDS = [
  ["refund", "guaranteed"],
  ["Refund", "GUARANTEED"],
  ["r&#101fund", "guaranteed"],
  ["re&#x66;und", "guaranteed"],
  ["re<b>fund</b>", "guaranteed"],
  ["re<!---->fund", "guaranteed"],
  ["refund", "guar&#97;nteed"],
] as const;

/** A text that some program shows as "refund guaranteed", as a card's number or as an unfilled name. */
export const disguised: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...JOINTS), fc.constantFrom(...WORDS))
      .map(([joint, [one, two]]) => joint.replace("A", () => one).replace("B", () => two)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "Hello {{name}},",
      "Hello &lbrace;&lbrace;name&rbrace;&rbrace;,",
      "Hello &lcub;&lcub;name&rcub;&rcub;,",
      "Hello &#123;&#123;name&#125;&#125;,",
      "Hello {<b>{</b>name}},",
      "Hello \\{\\{name\\}\\},",
      "Hello {**{**name}},",
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "4111 1111 1111 1111",
      "4111 1111 <b>1111</b> 1111",
      "4111&nbsp;1111&nbsp;1111&nbsp;1111",
      "4111 1111 **1111** 1111",
      "4111&#45;1111&#45;1111&#45;1111",
      "4111&hyphen;1111",
      "4111 1111\n1111 1111",
      "4111 1111 1111\u{2028}1111",
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom("Thank you for your order.", "Grüße, Jörg", "<p>Hi</p>", "") },
);

/** Inserts, doubles or removes something at up to three places. */
export function mutated(text: string, atoms: readonly string[] = AMBIGUOUS): fc.Arbitrary<string> {
  const none = fc.array(fc.constant(undefined as never), { maxLength: 0 });
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    atom: fc.constantFrom(...atoms),
    kind: fc.constantFrom("insert", "insert", "insert", "remove", "double", "replace"),
  });
  return mostly(none, fc.array(edit, { minLength: 1, maxLength: 3 }), 2).map((edits) =>
    edits.reduce((current, { at, atom, kind }) => {
      const index = Math.floor(at * current.length);
      switch (kind) {
        case "remove":
          return current.slice(0, index) + current.slice(index + 1);
        case "double":
          return current.slice(0, index) + current.slice(Math.max(0, index - 4));
        case "replace":
          return current.slice(0, index) + atom + current.slice(index + 1);
        default:
          return current.slice(0, index) + atom + current.slice(index);
      }
    }, text),
  );
}
