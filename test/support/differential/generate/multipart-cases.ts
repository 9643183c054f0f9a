import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { ADDRESSES, disguised, MONEY, mostly, mutated } from "./atoms.ts";

/** Content-Disposition as clients and attackers write it; `N` is the field. */
const DISPOSITIONS = [
  "form-data; name=N",
  "form-data; name='N'",
  'form-data; name="x"; name="N"',
  'form-data; name="N"; name="x"',
  'form-data; x="; name=x"; name="N"',
  "form-data; name*=utf-8''N",
  "form-data; name=\"x\"; name*=utf-8''N",
  'form-data; name*0="am"; name*1="ount"',
  'form-data; name="\\N"',
  'form-data;name="N"',
  'form-data; NAME="N"',
  'form-data; name = "N"',
  'form-data; name="N[]"',
  'attachment; name="N"',
  'form-data; name="N\0x"',
  'name="N"',
  'form-data; foo; name="N"',
  'form-data; name="%4E"',
] as const;

const FILES = [
  {
    file: '; filename="leads.csv"',
    type: "text/csv",
    content: "name,email\na,a@x.example\nb,b@x.example\nc,c@x.example\n",
  },
  {
    file: '; filename="leads.csv"',
    type: "application/octet-stream",
    content: 'name,email\n1,"x\\""\na,b\nc,d\n"\n',
  },
  { file: '; filename="leads.txt"', type: "text/plain", content: "a@x.example\nb@x.example\nc@x.example\n" },
  {
    file: '; filename="rows.xml"',
    type: "application/xml",
    content: "<rows><r>1</r><r>2</r><r>3</r></rows>",
  },
  { file: '; filename="rows.json"', type: "application/json", content: '[{"id":1},{"id":2},{"id":3}]' },
  { file: '; filename="rows.json"', type: "application/json", content: "[[1,2,3,4]]" },
  { file: "; filename*=utf-8''leads.csv", type: "text/csv", content: "a,b\n1,2\n3,4\n5,6\n" },
  { file: "; filename*=utf-8''refund%20guaranteed.csv", type: "text/csv", content: "a,b\n1,2\n" },
  { file: '; filename="leads.csv"; filename="x.bin"', type: "text/csv", content: "a,b\n1,2\n3,4\n5,6\n" },
  { file: '; filename=""', type: "text/csv", content: "a,b\n1,2\n3,4\n5,6\n" },
] as const;

const ENCODINGS = ["base64", "quoted-printable", "7bit", "x-uuencode", "BASE64 ", "8bit"] as const;

function transferred(content: string, encoding: string): string {
  switch (encoding.trim().toLowerCase()) {
    case "base64":
      return Buffer.from(content).toString("base64");
    case "quoted-printable":
      return content.replaceAll("=", "=3D").replaceAll("f", "=66");
    default:
      return content;
  }
}

interface MadePart {
  readonly head: string;
  readonly content: string;
}

const fieldPart: fc.Arbitrary<MadePart> = fc
  .record({
    field: fc.constantFrom("amount", "amount", "to", "note", "id"),
    disposition: mostly(fc.constant('form-data; name="N"'), fc.constantFrom(...DISPOSITIONS)),
    value: mostly(
      fc.constantFrom("1", "9000", "a@x.example", "Hi"),
      fc.oneof(
        fc.constantFrom(...MONEY),
        fc.constantFrom(...ADDRESSES),
        disguised,
        fc.constantFrom("[1,2,3]"),
      ),
      1,
    ),
    encoding: mostly(fc.constant(""), fc.constantFrom(...ENCODINGS)),
    extra: mostly(
      fc.constant(""),
      fc.constantFrom(
        "X-Note: refund guaranteed\n",
        "Content-Type: text/plain; charset=utf-7\n",
        "Content-Type: text/plain; charset=ibm037\n",
        "Content-Type: application/json\n",
      ),
      6,
    ),
  })
  .map(({ field, disposition, value, encoding, extra }) => ({
    head:
      `Content-Disposition: ${disposition.replace("N", () => field)}\n${extra}` +
      (encoding === "" ? "" : `Content-Transfer-Encoding: ${encoding}\n`),
    content: transferred(value, encoding),
  }));

const filePart: fc.Arbitrary<MadePart> = fc
  .tuple(fc.constantFrom(...FILES), mostly(fc.constant(""), fc.constantFrom(...ENCODINGS)))
  .map(([{ file, type, content }, encoding]) => ({
    head:
      `Content-Disposition: form-data; name="file"${file}\nContent-Type: ${type}\n` +
      (encoding === "" ? "" : `Content-Transfer-Encoding: ${encoding}\n`),
    content: transferred(content, encoding),
  }));

const NESTED =
  'Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Disposition: form-data; name="amount"\n\n9000\n--in--\n';

const HEADERS = [
  'multipart/form-data; boundary="B"',
  "multipart/form-data; charset=utf-8; boundary=B",
  "multipart/form-data; boundary=B; boundary=C",
  "multipart/form-data; boundary=C; boundary=B",
  "multipart/form-data;boundary=B;",
  'multipart/form-data; x="; boundary=C"; boundary=B',
  "multipart/form-data; boundary=B, text/plain",
  "multipart/mixed; boundary=B",
  "multipart/form-data; boundary*=utf-8''B",
  "multipart/form-data; boundary=B\t",
] as const;

const PREAMBLES = ["refund guaranteed\n", "\n", "--C\nx\n", "x --B\n", "4111 1111 1111 1111\n"] as const;
const EPILOGUES = [
  "\n",
  "\nrefund guaranteed",
  '\n--B\nContent-Disposition: form-data; name="amount"\n\n9000\n--B--\n',
  "\0",
] as const;
const DELIMITERS = ["--B \n", "--B\t\n", "-- B\n", "--Bx\n", "--C\n"] as const;

const multipart = fc
  .record({
    preamble: mostly(fc.constant(""), fc.constantFrom(...PREAMBLES), 8),
    parts: fc.array(
      fc.tuple(
        mostly(fc.constant("--B\n"), fc.constantFrom(...DELIMITERS), 12),
        fc.oneof({ weight: 5, arbitrary: fieldPart }, { weight: 3, arbitrary: filePart }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    nested: fc.integer({ min: 0, max: 19 }),
    closing: mostly(fc.constant("--B--\n"), fc.constantFrom("--B--", "--B-- \n", "--B\n", "")),
    epilogue: mostly(fc.constant(""), fc.constantFrom(...EPILOGUES)),
    end: mostly(fc.constant("\r\n"), fc.constantFrom("\n", "\r")),
  })
  .map(({ preamble, parts, nested, closing, epilogue, end }) => {
    const written = parts.map(([delimiter, { head, content }]) => `${delimiter}${head}\n${content}\n`);
    if (nested === 0) written.push(`--B\n${NESTED}\n`);
    return (preamble + written.join("") + closing + epilogue).replaceAll("\n", end);
  });

const ATOMS = [
  "\r",
  "\n",
  "\r\n",
  "--B",
  "--",
  '"',
  "\\",
  ";",
  ":",
  " ",
  "\t",
  "\0",
  "=",
  "\r\n\r\n",
  "\n\n",
];

const multipartBody = fc.oneof(
  { weight: 4, arbitrary: multipart },
  { weight: 1, arbitrary: multipart.chain((written) => mutated(written, ATOMS)) },
);

export const multipartCases: fc.Arbitrary<BodyCase> = fc
  .tuple(
    multipartBody,
    mostly(fc.constant("multipart/form-data; boundary=B"), fc.constantFrom(...HEADERS)),
    fc.constantFrom("api", "proxy"),
    fc.constantFrom("major", "minor"),
  )
  .map(([text, mediaType, door, unit]) => ({
    family: "multipart",
    mediaType,
    name: null,
    door,
    unit,
    records: null,
    body: Buffer.from(text),
  }));
