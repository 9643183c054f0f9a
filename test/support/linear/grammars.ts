import { many, shape, shapesOf, type Shape } from "./shapes.ts";

/* The grammars of what Gate reads, as the tokens that its readers look for. */

export const JSON_SHAPES: readonly Shape[] = shapesOf(
  ["[", "]", "{", "}", '"', "\\", ":", ",", "1", " ", "\n", '"a"', '{"a":1},', "\\u0041", "e", "-"],
  [
    shape("lists in lists", (size) => "[".repeat(size) + "]".repeat(size)),
    shape(
      "lists in lists, 200 deep",
      (size) => `[${many(size, () => "[".repeat(200) + "]".repeat(200) + ",")}1]`,
    ),
    shape("objects in objects, never closed", (size) => '{"a":'.repeat(size)),
    shape("many records", (size) => `[${many(size, (index) => `{"amount":${index}},`)}{}]`),
    shape("many names", (size) => `{${many(size, (index) => `"amount${index}":1,`)}"x":1}`),
    shape("one name many times", (size) => `{${'"amount":1,'.repeat(size)}"amount":1}`),
    shape(
      "names that differ in case",
      (size) => `{${many(size, (index) => `"${caseOf("amount", index)}":1,`)}"x":1}`,
    ),
    shape("one long name", (size) => `{"${"amount[1]".repeat(size)}":1}`),
    shape("one long string", (size) => `{"amount":"${"\\u0041".repeat(size)}"}`),
    shape("a string that never ends", (size) => `{"amount":"${'\\"'.repeat(size)}`),
    shape("long numbers", (size) => `{"amount":${"1".repeat(300)}.${"0".repeat(size)}}`),
    shape("numbers of zeros", (size) => `{"amount":"${"1,000".repeat(size)}","x":"1.${"0".repeat(size)}1"}`),
    shape("lines", (size) => '{"amount":1}\n'.repeat(size)),
    shape("lines with blanks before the end", (size) => `${'{"amount":1}'}${" ".repeat(size)}\n`.repeat(4)),
    shape("addresses in one string", (size) => `{"amount":1,"to":"${"a@x.org,;".repeat(size)}"}`),
    shape("placeholders", (size) => `[${many(size, (index) => `{"b":"{{name${index}}}"},`)}{}]`),
  ],
);

function caseOf(word: string, index: number): string {
  return Array.from(word, (letter, at) => ((index >> at) & 1 ? letter.toUpperCase() : letter)).join("");
}

export const CSV_SHAPES: readonly Shape[] = shapesOf(
  [",", ";", "\t", "|", '"', '""', "\n", "\r\n", "\r", "a", " ", "1", 'x"y', '"a,b"', '"a\n', "\\", "=", "'"],
  [
    shape("a table", (size) => `id,amount\n${many(size, (index) => `${index},1\n`)}`),
    shape(
      "a wide header over short rows",
      (size) => `${many(size, (index) => `n${index},`)}z\n${"a\n".repeat(size)}`,
    ),
    shape(
      "short rows under a header, and a wide row",
      (size) => `a,amount\n${"1\n".repeat(size)}${",".repeat(size)}`,
    ),
    shape("a quote that never closes", (size) => `a,b\n${'1,"x\n'.repeat(size)}`),
    shape("quotes inside cells", (size) => `a,b\n${'1,x"x\n'.repeat(size)}`),
    shape("doubled quotes", (size) => `a,b\n1,"${'""'.repeat(size)}\n`),
    shape("quoted rows of other delimiters", (size) => `a;b;c\n${'1;2;"x,y\n'.repeat(size)}"`),
    shape("rows hidden in quoted cells", (size) => `a,b\n${'1,"x\ny;z\nu;v"\n'.repeat(size >> 1)}`),
    shape("empty rows", (size) => `a,b\n${" , \n".repeat(size)}`),
    shape("a long cell", (size) => `a,b\n1,${" ".repeat(size)}x${" ".repeat(size)}\n`),
    shape("backslashes before quotes", (size) => `a,b\n${'1,"\\"x"\n'.repeat(size)}`),
  ],
);

export const FORM_SHAPES: readonly Shape[] = shapesOf(
  [
    "&",
    "=",
    ";",
    "+",
    "%",
    "%41",
    "%5B",
    "%25",
    "[",
    "]",
    "[1]",
    "[]",
    "a",
    ".",
    " ",
    "a=1&",
    "amount=1&",
    "a[1]=1&",
    "_",
  ],
  [
    shape("indices without an end", (size) => `amount=1&a${"[1]".repeat(size)}x=1`),
    shape("empty indices without an end", (size) => `amount=1&a${"[]".repeat(size)}x=1`),
    shape("one bracket open", (size) => `amount=1&a${"[1".repeat(size)}=1`),
    shape("many similar names", (size) => `amount=1${many(size, (index) => `&amount${index}[]=1`)}`),
    shape("many records", (size) => many(size, (index) => `row[${index}][amount]=1&`)),
    shape("one name many times", (size) => "amount=1&".repeat(size)),
    shape("escaped names", (size) => many(size, () => "%61mount%5B%5D=1&")),
    shape("blanks in a name", (size) => `amount=1&${"+ ".repeat(size)}x=1`),
    shape("a long name of dots", (size) => `amount=1&${"amount.".repeat(size)}=1`),
    shape("a list in a field", (size) => `amount=[${"1,".repeat(size)}1]`),
  ],
);

const PART = 'content-disposition: form-data; name="amount"\r\n\r\n1\r\n';

export const MULTIPART_SHAPES: readonly Shape[] = shapesOf(
  [
    "--b\r\n",
    "--b",
    "--b--",
    "\r\n",
    "\n",
    "\r",
    "-",
    "a",
    ";",
    '"',
    "\\",
    "=",
    " ",
    PART,
    "content-type: text/csv\r\n",
    ":",
    "name*0=",
    "a: b\r\n",
    "%41",
  ],
  [
    shape("parts", (size) => `${`--b\r\n${PART}`.repeat(size)}--b--\r\n`),
    shape("parts that never close", (size) => `--b\r\n${PART}`.repeat(size)),
    shape("parts without an end of their headers", (size) => `${"--b\r\na: b\r\n".repeat(size)}--b--\r\n`),
    shape(
      "a part of many headers",
      (size) => `--b\r\n${many(size, (index) => `x-${index}: 1\r\n`)}\r\n\r\n--b--\r\n`,
    ),
    shape(
      "a header of many parameters",
      (size) =>
        `--b\r\ncontent-disposition: form-data${many(size, (index) => `; p${index}="a"`)}\r\n\r\n1\r\n--b--\r\n`,
    ),
    shape(
      "one parameter many times",
      (size) =>
        `--b\r\ncontent-disposition: form-data${many(size, (index) => `; name="${index}"`)}\r\n\r\n1\r\n--b--\r\n`,
    ),
    shape(
      "a parameter that never ends",
      (size) => `--b\r\ncontent-disposition: form-data; name="${'\\"'.repeat(size)}\r\n\r\n1\r\n--b--\r\n`,
    ),
    shape(
      "a header folded over many lines",
      (size) =>
        `--b\r\ncontent-disposition: form-data;${"\r\n \t".repeat(size)}name="a"\r\n\r\n1\r\n--b--\r\n`,
    ),
    shape("almost delimiters", (size) => `--b\r\n${PART}${"\r\n-".repeat(size)}\r\n--b--\r\n`),
    shape("an epilogue", (size) => `--b\r\n${PART}--b--\r\n${"\r\n--".repeat(size)}`),
    shape("a preamble", (size) => `${"\r\n--c".repeat(size)}\r\n--b\r\n${PART}--b--\r\n`),
    shape(
      "tables in parts",
      (size) =>
        `${`--b\r\ncontent-disposition: form-data; name="f"; filename="a.csv"\r\n\r\na,b\n1,2\n3,4\n\r\n`.repeat(size)}--b--\r\n`,
    ),
  ].map(({ name, make }) => shape(name, make)),
);

/** Each layer decodes to the same text twice: without the slash behind it, and with it, as a question mark. */
function slashedBase64(length: number): string {
  let run = "refundguaranteed";
  while (run.length * 1.4 < length) {
    run = `${btoa(`${run}${"A".repeat((5 - (run.length % 3)) % 3)}`).replaceAll("=", "")}/`;
  }
  return `${run} `.repeat(Math.ceil(length / run.length)).slice(0, length);
}

/** What the readers of prose look for: markup, escapes, placeholders, personal data, terms. */
const TEXT_TOKENS = [
  "{{",
  "}}",
  "{%",
  "%}",
  "<%",
  "%>",
  "${",
  "}",
  "[[",
  "]]",
  "`",
  "```",
  "<",
  "<!--",
  "-->",
  ">",
  "</p>",
  "<a href='",
  "&",
  "&#",
  "&#x",
  "&amp;",
  "&#x26;",
  ";",
  "%",
  "%25",
  "%41",
  "%u0041",
  "\\",
  "\\u0041",
  "\\x41",
  "=",
  "=\r\n",
  "=41",
  "@",
  "a@b.",
  "@a.b",
  " at ",
  " dot ",
  "(at)",
  ".",
  "-",
  " ",
  "\n",
  "\r\n",
  "1",
  "12",
  "+1",
  "(",
  ")",
  "/",
  "_",
  "!",
  "|",
  "$",
  "+",
  "a",
  "A",
  "é",
  "ﷺ",
  "\u200b",
  "\u202e",
  "\u001c",
  "\0",
  "0041",
  "hello ",
  "hello null",
  "undefined ",
  "refund",
  "r e f u n d ",
  "refun",
  "guaranteed",
  "fund",
  "DE89",
  "GB82 WEST ",
  "4111 ",
  "tel ",
  "ssn 123",
  "cmVmdW5k",
  "cmVmdW5kIGd1YXJhbnRlZWQ/",
  "的",
  "к",
  "aaaa-",
  "'",
  '"',
  ",",
  "I",
  "l",
] as const;

export const TEXT_SHAPES: readonly Shape[] = shapesOf(TEXT_TOKENS, [
  shape("words", (size) => "the quick brown fox refunds nobody. ".repeat(size)),
  shape("base64 in base64", (size) => nestedBase64(size * 2)),
  shape("base64 whose pieces and whole both decode", (size) => doublingBase64(size * 2)),
  shape("percent-encodings in encodings", (size) => many(size, () => "%25252541")),
  shape("references in references", (size) => many(size, () => "&amp;amp;#x72;")),
  shape("escapes in escapes", (size) => many(size, () => "\\\\u005cu0072")),
  shape("tags in words", (size) => many(size, () => "re<b></b>fund ")),
  shape("base64 with a slash behind, layer on layer", (size) => slashedBase64(size * 2)),
  shape("a short term spelled within another word", (size) => "i s s u e ".repeat(size >> 1)),
  shape("a short term of lookalikes in a foreign text", (size) => "сор ѕυе сор ".repeat(size >> 2)),
  shape("short terms in digests", (size) => "0a5ue9f3b2c1-".repeat(size >> 2)),
  shape("a short term in a code", (size) => "5ue-9f3b-2c1d-".repeat(size >> 2)),
  shape("ligatures of many letters", (size) => "ﷺ".repeat(size)),
  shape("links of Markdown", (size) => "[refund](u) [guaranteed][1] ".repeat(size >> 2)),
  shape("letters apart", (size) => "r.e.f.u.n.".repeat(size)),
  shape("symbols for letters", (size) => "$$!!||++@@".repeat(size)),
  shape("almost a term, many times", (size) => "refund guarantee ".repeat(size)),
]);

/** Wrapped again until it has `length` characters. */
function nestedBase64(length: number): string {
  let text = "refund guaranteed";
  while (text.length * 1.3 < length) text = btoa(text);
  return text.padEnd(length, "A");
}

/**
 * Two copies of a run around a character whose encoding is a slash: both the pieces beside the slash and the whole are
 * base64, so each layer doubles what is to be searched.
 */
function doublingBase64(length: number): string {
  let run = "refundguarantee";
  while (run.length * 3 < length) {
    run = btoa(`${run}${"A".repeat((5 - (run.length % 3)) % 3)}?${run}`).replaceAll("=", "");
  }
  return `${run} `.repeat(Math.ceil(length / run.length)).slice(0, length);
}
