import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";
import { AUTO, type BenignBody, withBytes } from "./entry.ts";
import { person, REGIONS, type Region } from "./people.ts";
import type { MadeUp } from "./random.ts";

interface Dialect {
  readonly delimiter: string;
  readonly end: string;
  /** Only where needed, or around every cell. */
  readonly quotes: "needed" | "all";
  readonly encode: (text: string) => Uint8Array;
}

const utf8 = (text: string) => Buffer.from(text);
const utf8WithMark = (text: string) => Buffer.from(`\u{feff}${text}`);

/** Windows-1252, without what it has no sign for. */
const windows1252 = (text: string) =>
  Buffer.from(text.replaceAll("€", "\u{80}").replaceAll(/[^\0-\u{ff}]/gu, ""), "latin1");

const EXCEL_GERMAN: Dialect = { delimiter: ";", end: "\r\n", quotes: "needed", encode: windows1252 };
const EXCEL_GERMAN_UTF8: Dialect = { ...EXCEL_GERMAN, encode: utf8WithMark };
const EXCEL_ENGLISH: Dialect = { delimiter: ",", end: "\r\n", quotes: "needed", encode: windows1252 };
const EXCEL_ENGLISH_UTF8: Dialect = { ...EXCEL_ENGLISH, encode: utf8WithMark };
const EXCEL_TABS: Dialect = { delimiter: "\t", end: "\r\n", quotes: "needed", encode: utf8 };
const SHEETS: Dialect = { delimiter: ",", end: "\r\n", quotes: "needed", encode: utf8 };
const DATA_LOADER: Dialect = { delimiter: ",", end: "\n", quotes: "all", encode: utf8 };
const HUBSPOT: Dialect = { delimiter: ",", end: "\n", quotes: "all", encode: utf8WithMark };
const STRIPE: Dialect = { delimiter: ",", end: "\n", quotes: "needed", encode: utf8 };

type Row = readonly string[];

function table(rows: readonly Row[], { delimiter, end, quotes, encode }: Dialect): Uint8Array {
  const cell = (text: string) =>
    quotes === "all" || text.includes(delimiter) || /["\r\n]/.test(text)
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  return encode(rows.map((row) => row.map(cell).join(delimiter) + end).join(""));
}

interface Sheet {
  readonly header: Row;
  readonly rows: readonly Row[];
  readonly minor?: number;
}

function contacts(made: MadeUp, region: Region, header: Row): Sheet {
  const rows = made.many(made.number(2, 24), () => {
    const { first, last, email, company, city, note } = person(made, region);
    return [first, last, email, company, city, made.chance(20) ? "" : note];
  });
  return { header, rows };
}

const ENGLISH = ["First Name", "Last Name", "Email", "Company", "City", "Notes"];
const GERMAN = ["Vorname", "Nachname", "E-Mail", "Firma", "Ort", "Bemerkung"];

function invoices(made: MadeUp, region: Region, header: Row, write: (minor: number) => string): Sheet {
  let minor = 0;
  const rows = made.many(made.number(2, 20), () => {
    const { company, note } = person(made, region);
    const cents = made.number(100, 2_500_000);
    minor += cents;
    return [`R-${made.digits(5)}`, company, write(cents), made.date(), note];
  });
  return { header, rows, minor };
}

const decimal = (minor: number) => `${Math.trunc(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;

/** `1.234,56`, as a German Excel shows a number with the format it has by default for money. */
export const germanAmount = (minor: number) => {
  const [whole = "", fraction = ""] = decimal(minor).split(".");
  return `${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ".")},${fraction}`;
};

const englishAmount = (minor: number) => {
  const [whole = "", fraction = ""] = decimal(minor).split(".");
  return `${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",")}.${fraction}`;
};

function amountIn(path: string, code: string, mark?: "comma" | "point"): MeasureHints {
  const amount = {
    path,
    unit: "major",
    currency: { code },
    ...(mark !== undefined && { decimal: mark }),
  } as const;
  return { records: { kind: "auto" }, amount, recipients: null };
}

function entry(
  name: string,
  { header, rows, minor }: Sheet,
  dialect: Dialect,
  rest: Pick<BenignBody, "mediaType" | "file"> & {
    readonly hints?: MeasureHints;
    readonly destination?: string;
  },
): BenignBody {
  return {
    name,
    request: null,
    ...(rest.destination === undefined && rest.hints === undefined ? { hints: AUTO } : {}),
    ...rest,
    ...withBytes(table([header, ...rows], dialect)),
    holds: { records: rows.length, ...(rest.hints !== undefined && minor !== undefined && { minor }) },
  };
}

const series = (name: string, count: number, make: (name: string) => BenignBody) =>
  Array.from({ length: count }, (_, at) => make(`${name} ${at + 1}`));

export function excel(made: MadeUp): readonly BenignBody[] {
  const german = { mediaType: "text/csv; charset=windows-1252", file: "kontakte.csv" };
  const utf = { mediaType: "text/csv", file: "contacts.csv" };
  const euros = amountIn("Betrag", "EUR", "comma");
  const dollars = amountIn("Amount", "USD", "point");
  const bills = ["Rechnung", "Firma", "Betrag", "Datum", "Bemerkung"];
  const invoice = ["Invoice", "Customer", "Amount", "Date", "Notes"];
  return [
    ...series("Excel, German, Windows-1252, contacts", 20, (name) =>
      entry(name, contacts(made, "german", GERMAN), EXCEL_GERMAN, german),
    ),
    ...series("Excel, German, UTF-8, contacts", 20, (name) =>
      entry(name, contacts(made, "german", GERMAN), EXCEL_GERMAN_UTF8, {
        ...utf,
        destination: "hubspot.contacts",
      }),
    ),
    ...series("Excel, German, Windows-1252, invoices", 16, (name) =>
      entry(name, invoices(made, "german", bills, germanAmount), EXCEL_GERMAN, { ...german, hints: euros }),
    ),
    ...series("Excel, German, UTF-8, invoices", 16, (name) =>
      entry(name, invoices(made, "german", bills, germanAmount), EXCEL_GERMAN_UTF8, { ...utf, hints: euros }),
    ),
    ...series("Excel, English, Windows-1252, contacts", 12, (name) =>
      entry(name, contacts(made, "english", ENGLISH), EXCEL_ENGLISH, { ...german, file: "leads.csv" }),
    ),
    ...series("Excel, English, UTF-8, contacts", 20, (name) =>
      entry(name, contacts(made, "english", ENGLISH), EXCEL_ENGLISH_UTF8, {
        ...utf,
        destination: "salesforce.import",
      }),
    ),
    ...series("Excel, English, UTF-8, invoices", 12, (name) =>
      entry(name, invoices(made, "english", invoice, englishAmount), EXCEL_ENGLISH_UTF8, {
        ...utf,
        hints: dollars,
      }),
    ),
    ...series("Excel, text with tabs", 8, (name) =>
      entry(name, contacts(made, "french", ENGLISH), EXCEL_TABS, {
        mediaType: "text/tab-separated-values",
        file: "contacts.tsv",
      }),
    ),
    // A charset that nobody names: other bytes than UTF-8, which may be any of a dozen.
    ...series("Excel, German, Windows-1252 without a label", 3, (name) =>
      entry(name, contacts(made, "german", GERMAN), EXCEL_GERMAN, { mediaType: null, file: "kontakte.csv" }),
    ),
  ];
}

export function sheets(made: MadeUp): readonly BenignBody[] {
  const sent = { mediaType: "text/csv", file: "Leads - Sheet1.csv" };
  const money = (minor: number) => `$${englishAmount(minor)}`;
  const dollars = amountIn("Amount", "USD", "point");
  const invoice = ["Invoice", "Customer", "Amount", "Date", "Notes"];
  return [
    ...series("Google Sheets, contacts", 24, (name) =>
      entry(name, contacts(made, made.pick(REGIONS), ENGLISH), SHEETS, {
        ...sent,
        destination: "salesforce.import",
      }),
    ),
    ...series("Google Sheets, invoices in dollars", 12, (name) =>
      entry(name, invoices(made, "english", invoice, money), SHEETS, { ...sent, hints: dollars }),
    ),
    ...series("Google Sheets, plain decimals", 8, (name) =>
      entry(name, invoices(made, "french", invoice, decimal), SHEETS, {
        ...sent,
        hints: amountIn("Amount", "USD"),
      }),
    ),
    ...series("Google Sheets, another script", 16, (name) =>
      entry(name, contacts(made, made.pick(["japanese", "chinese", "korean", "polish"]), ENGLISH), SHEETS, {
        mediaType: null,
        file: "contacts.csv",
      }),
    ),
  ];
}

export function crmExports(made: MadeUp): readonly BenignBody[] {
  return [
    ...series("Salesforce Data Loader, leads", 20, (name) =>
      entry(name, leads(made), DATA_LOADER, {
        mediaType: "text/csv",
        file: "lead_extract.csv",
        destination: "salesforce.import",
      }),
    ),
    ...series("Salesforce Data Loader, ids to delete", 10, (name) => {
      const rows = made.many(made.number(1, 30), () => [`00Q${made.id(15)}`]);
      return entry(name, { header: ["ID"], rows }, DATA_LOADER, {
        mediaType: "text/csv",
        file: "delete.csv",
        destination: "salesforce.delete",
      });
    }),
    ...series("HubSpot export, contacts", 20, (name) =>
      entry(name, hubspotContacts(made), HUBSPOT, {
        mediaType: "text/csv",
        file: "hubspot-crm-exports-all-contacts.csv",
        destination: "hubspot.contacts",
      }),
    ),
    ...series("HubSpot export, deals", 12, (name) =>
      entry(name, deals(made), HUBSPOT, {
        mediaType: "text/csv",
        file: "hubspot-crm-exports-all-deals.csv",
        hints: amountIn("Amount", "USD"),
      }),
    ),
  ];
}

function leads(made: MadeUp): Sheet {
  const header = [
    "ID",
    "LASTNAME",
    "FIRSTNAME",
    "COMPANY",
    "EMAIL",
    "PHONE",
    "LEADSOURCE",
    "STATUS",
    "DESCRIPTION",
    "ISCONVERTED",
  ];
  const rows = made.many(made.number(2, 18), () => {
    const who = person(made, made.pick(REGIONS));
    return [
      `00Q${made.id(15)}`,
      who.last,
      who.first,
      who.company,
      who.email,
      who.phone,
      "Web",
      "Open - Not Contacted",
      who.note,
      "false",
    ];
  });
  return { header, rows };
}

function hubspotContacts(made: MadeUp): Sheet {
  const header = [
    "Record ID",
    "First Name",
    "Last Name",
    "Email",
    "Phone Number",
    "Contact owner",
    "Lead Status",
    "Create Date",
    "Associated Note",
  ];
  const rows = made.many(made.number(2, 18), () => {
    const who = person(made, made.pick(REGIONS));
    const owner = made.chance(50) ? "Dana Fox (dana.fox@example.com)" : "";
    return [
      made.digits(11),
      who.first,
      who.last,
      who.email,
      who.phone,
      owner,
      "In Progress",
      `${made.date()} 09:${made.number(10, 59)}`,
      who.note,
    ];
  });
  return { header, rows };
}

function deals(made: MadeUp): Sheet {
  let minor = 0;
  const rows = made.many(made.number(2, 14), () => {
    const cents = made.number(1, 400) * 25_000;
    minor += cents;
    const who = person(made, "english");
    return [
      made.digits(11),
      `${who.company} - New Deal`,
      "Sales Pipeline",
      "Contract sent",
      decimal(cents).replace(/\.00$/, ".0"),
      made.date(),
      who.note,
    ];
  });
  return {
    header: ["Record ID", "Deal Name", "Pipeline", "Deal Stage", "Amount", "Close Date", "Description"],
    rows,
    minor,
  };
}

export function stripeExports(made: MadeUp): readonly BenignBody[] {
  return [
    ...series("Stripe export, payments", 20, (name) =>
      entry(name, payments(made), STRIPE, {
        mediaType: "text/csv",
        file: "unified_payments.csv",
        hints: amountIn("Amount", "USD"),
      }),
    ),
    ...series("Stripe export, balance", 14, (name) =>
      entry(name, balance(made), STRIPE, {
        mediaType: "text/csv",
        file: "balance_history.csv",
        hints: amountIn("Amount", "EUR"),
      }),
    ),
  ];
}

function payments(made: MadeUp): Sheet {
  const header = [
    "id",
    "Created date (UTC)",
    "Amount",
    "Amount Refunded",
    "Currency",
    "Captured",
    "Converted Amount",
    "Description",
    "Fee",
    "Status",
    "Customer Email",
    "Statement Descriptor",
  ];
  let minor = 0;
  const rows = made.many(made.number(2, 16), () => {
    const cents = made.number(100, 90_000);
    minor += cents;
    const who = person(made, made.pick(REGIONS));
    const fee = decimal(Math.round(cents * 0.029) + 30);
    const what = made.pick([
      "Subscription creation",
      "Invoice 2026-0042",
      "Charge for order #1042, 2 items",
      "",
      'Gift card "Spring"',
    ]);
    return [
      `ch_${made.id(24)}`,
      `${made.date()} 10:${made.number(10, 59)}:07`,
      decimal(cents),
      "0.00",
      "usd",
      "true",
      decimal(cents),
      what,
      fee,
      "Paid",
      who.email,
      "ACME* SHOP",
    ];
  });
  return { header, rows, minor };
}

function balance(made: MadeUp): Sheet {
  const header = [
    "id",
    "Type",
    "Source",
    "Amount",
    "Fee",
    "Net",
    "Currency",
    "Created (UTC)",
    "Available On (UTC)",
    "Description",
  ];
  let minor = 0;
  const rows = made.many(made.number(2, 16), () => {
    const cents = made.number(100, 90_000);
    minor += cents;
    return [
      `txn_${made.id(24)}`,
      "charge",
      `ch_${made.id(24)}`,
      decimal(cents),
      "0.55",
      decimal(cents - 55),
      "eur",
      `${made.date()} 10:15`,
      `${made.date()} 00:00`,
      "Zahlung für Rechnung 7; danke",
    ];
  });
  return { header, rows, minor };
}
