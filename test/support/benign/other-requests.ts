import { AUTO, type BenignBody, withBytes } from "./entry.ts";
import { person, REGIONS } from "./people.ts";
import type { MadeUp } from "./random.ts";

const BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

interface Part {
  readonly name: string;
  readonly file?: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

function multipart(parts: readonly Part[], boundary: string): Uint8Array {
  const pieces = parts.flatMap(({ name, file, type, content }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"` +
        (file === undefined ? "" : `; filename="${file}"`) +
        (type === undefined ? "\r\n\r\n" : `\r\nContent-Type: ${type}\r\n\r\n`),
    ),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const upload = (name: string, parts: readonly Part[], boundary: string, records: number): BenignBody => ({
  name,
  mediaType: `multipart/form-data; boundary=${boundary}`,
  file: null,
  request: { method: "POST", url: "https://files.example.com/imports" },
  hints: AUTO,
  ...withBytes(multipart(parts, boundary)),
  holds: { records },
});

export function uploads(made: MadeUp): readonly BenignBody[] {
  const csv = (rows: number) =>
    "name,email,note\n" +
    made
      .many(rows, () => {
        const who = person(made, made.pick(REGIONS));
        return `"${who.first} ${who.last.replaceAll('"', '""')}",${who.email},"${who.note.replaceAll('"', '""')}"\n`;
      })
      .join("");
  const numbered = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
  return [
    ...numbered(8).map((at) => {
      const rows = made.number(2, 12);
      return upload(
        `curl -F, a CSV file ${at}`,
        [{ name: "file", file: "leads.csv", type: "text/csv", content: csv(rows) }],
        `------------------------${made.digits(16)}`,
        rows,
      );
    }),
    ...numbered(6).map((at) => {
      const rows = made.number(3, 12);
      const parts = [
        {
          name: "importRequest",
          type: "application/json",
          content: JSON.stringify({ name: "June", dateFormat: "DAY_MONTH_YEAR" }),
        },
        { name: "files", file: "leads.csv", type: "text/csv", content: csv(rows) },
      ];
      return upload(`HubSpot import, request and file ${at}`, parts, BOUNDARY, rows + 1);
    }),
    ...numbered(10).map((at) => {
      const who = person(made, made.pick(REGIONS));
      const parts = [
        { name: "first_name", content: who.first },
        { name: "last_name", content: who.last },
        { name: "email", content: who.email },
        { name: "message", content: who.note },
      ];
      return upload(`browser's form ${at}`, parts, BOUNDARY, 4);
    }),
    // A picture is bytes that no rule reads, whatever the reader.
    upload(
      "browser's form with a picture",
      [
        {
          name: "avatar",
          file: "me.png",
          type: "image/png",
          content: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
        },
      ],
      BOUNDARY,
      1,
    ),
  ];
}

const REPLIES = [
  "Hi Dana,\n\nthanks for waiting. Your refund of $12.50 was sent today and arrives within 5 days.\n\nBest,\nSam",
  "Hallo Herr Müller,\n\nIhre Bestellung ist unterwegs; Sendungsnummer 1Z 999.\n\nViele Grüße\nJörg",
  "Bonjour Élodie,\nvotre commande part demain.\nCordialement",
  "田中様\nお待たせしております。明日発送いたします。",
  "The export is a CSV: name, email, city\nOpen it with any spreadsheet, then check the dates.",
  "1) Restart the app\n2) Sign in again\n3) If it still fails, send us a screenshot 🙏",
  "Your plan: Team (5 seats) = $50 / month. Upgrade any time.",
  "Sure! Use `curl -d 'a=1&b=2' https://example.com` to try it.",
] as const;

export function texts(made: MadeUp): readonly BenignBody[] {
  const reply = (name: string, text: string, file: string | null, mediaType: string | null): BenignBody => ({
    name,
    mediaType,
    file,
    request: null,
    destination: "zendesk.reply",
    text,
    holds: { records: 1 },
  });
  return [
    ...REPLIES.map((text, at) => reply(`support reply, a file ${at + 1}`, text, "reply.txt", null)),
    ...REPLIES.map((text, at) => reply(`support reply, inline ${at + 1}`, text, null, "text/plain")),
    ...REPLIES.map((text, at) =>
      reply(
        `support reply, HTML ${at + 1}`,
        `<div><p>${text.replaceAll("&", "&amp;").replaceAll("\n", "<br>")}</p><img src="https://example.com/p.gif?a=1&amp;b=2" alt=""></div>`,
        null,
        "text/html; charset=utf-8",
      ),
    ),
    ...REPLIES.map((text, at) =>
      reply(
        `support reply, Markdown ${at + 1}`,
        `# Update\n\n${text}\n\n- see [the docs](https://example.com/a_b)\n- **thanks**\n`,
        "reply.md",
        null,
      ),
    ),
    ...Array.from({ length: 4 }, (_, at): BenignBody => ({
      name: `invoice in XML ${at + 1}`,
      mediaType: "application/xml",
      file: null,
      request: { method: "POST", url: "https://erp.example.com/invoices" },
      hints: { records: { kind: "single" }, amount: null, recipients: null },
      text: `<?xml version="1.0" encoding="UTF-8"?>\n<invoice id="${made.digits(5)}"><customer>Müller &amp; Söhne</customer><total currency="EUR">12.50</total></invoice>\n`,
      holds: { records: 1 },
    })),
  ];
}
