import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";
import { AUTO, type BenignBody } from "./entry.ts";
import { person, type Person, REGIONS } from "./people.ts";
import type { MadeUp } from "./random.ts";

/*
 * Bodies of published SDKs that send JSON, after their documentation: what `JSON.stringify` makes of the same calls.
 * Where an SDK indents, the body is indented.
 */

interface Call {
  readonly method?: string;
  readonly url: string;
  readonly mediaType?: string;
  readonly destination?: string;
  readonly hints?: MeasureHints;
  readonly body: unknown;
  readonly indent?: number;
  readonly holds?: BenignBody["holds"];
}

function sent(
  name: string,
  { method = "POST", url, mediaType, destination, hints, body, indent, holds }: Call,
): BenignBody {
  return {
    name,
    mediaType: mediaType ?? "application/json",
    file: null,
    request: { method, url },
    ...(destination === undefined ? { hints: hints ?? AUTO } : { destination }),
    text: typeof body === "string" ? body : JSON.stringify(body, null, indent),
    holds: holds ?? { records: 1 },
  };
}

const series = (name: string, count: number, make: (at: number) => Call) =>
  Array.from({ length: count }, (_, at) => sent(`${name} ${at + 1}`, make(at)));

const atPath = (path: string): MeasureHints => ({
  records: { kind: "path", path },
  amount: null,
  recipients: null,
});

const someone = (made: MadeUp): Person => person(made, made.pick(REGIONS));

const PARAGRAPHS = [
  "Thanks for getting in touch. Your order #1042 left our warehouse on Monday & should arrive by Thursday.",
  "Hi,\n\nthe invoice is attached. Total: 1.234,56 € (incl. VAT).\n\nBest,\nDana",
  "Guten Tag, die Rückerstattung ist unterwegs; sie dauert 3–5 Werktage.",
  "We've reset your password. If it wasn't you, reply to this message.",
  "お問い合わせありがとうございます。明日お返事いたします。",
  "Steps to reproduce:\n1. Open `settings`\n2. Click **Save**\n3. See [the log](https://example.com/log)\n\n> It failed",
  "Meeting moved to 3:30 pm :calendar: see <https://example.com/room|room 4>",
  "Price < 100 & quantity > 5? Then 10% off.",
  "5 * 3 = 15, snake_case_name and a_b_c stay as they are.",
  "La facture n° 2026-12 est réglée. Merci !",
  "🎉 Release 2.4.1 is out: faster imports, fewer clicks.",
] as const;

export function octokit(made: MadeUp): readonly BenignBody[] {
  const repository = "https://api.github.com/repos/acme/shop";
  const destination = "github.other";
  const mediaType = "application/json; charset=utf-8";
  return [
    ...series("Octokit, new issue", 10, () => ({
      url: `${repository}/issues`,
      destination,
      mediaType,
      body: {
        title: `Import fails for ${someone(made).company}`,
        body: made.pick(PARAGRAPHS),
        labels: ["bug", "import"],
        assignees: ["dana-fox"],
      },
    })),
    ...series("Octokit, comment", 10, () => ({
      url: `${repository}/issues/${made.number(1, 900)}/comments`,
      destination,
      mediaType,
      body: {
        body: `${made.pick(PARAGRAPHS)}\n\n\`\`\`ts\nconst a = [1, 2];\n\`\`\`\n- [x] done\n- [ ] open`,
      },
    })),
    ...series("Octokit, file", 6, () => ({
      method: "PUT",
      url: `${repository}/contents/docs/notes.md`,
      destination,
      mediaType,
      body: {
        message: "docs: add notes",
        content: Buffer.from(`# Notes\n\n${made.pick(PARAGRAPHS)}\n`).toString("base64"),
        branch: "main",
      },
    })),
    ...series("Octokit, pull request", 6, () => ({
      url: `${repository}/pulls`,
      destination,
      mediaType,
      body: {
        title: "Bump version",
        head: "release",
        base: "main",
        body: made.pick(PARAGRAPHS),
        draft: false,
        maintainer_can_modify: true,
      },
    })),
  ];
}

const mailHtml = (who: Person) =>
  `<!DOCTYPE html><html><body><p>Hello ${who.first},</p><p>your order &amp; invoice are <a href="https://example.com/o?id=1&amp;x=2">here</a>.<br>Total:&nbsp;€&nbsp;12,50</p></body></html>`;

export function sendgrid(made: MadeUp): readonly BenignBody[] {
  return [
    ...series("SendGrid, one message", 20, () => {
      const who = someone(made);
      return {
        url: "https://api.sendgrid.com/v3/mail/send",
        destination: "sendgrid.send",
        body: {
          personalizations: [{ to: [{ email: who.email, name: `${who.first} ${who.last}` }] }],
          from: { email: "hello@example.com", name: "Acme, Inc." },
          subject: "Your order",
          content: [
            { type: "text/plain", value: made.pick(PARAGRAPHS) },
            { type: "text/html", value: mailHtml(who) },
          ],
        },
        holds: { records: 1, recipients: 1 },
      };
    }),
    ...series("SendGrid, a few recipients", 10, () => {
      const people = made.many(made.number(2, 6), () => someone(made));
      return {
        url: "https://api.sendgrid.com/v3/mail/send",
        destination: "sendgrid.send",
        body: {
          personalizations: people.map(({ email, first }) => ({
            to: [{ email }],
            subject: `Hello ${first}`,
          })),
          from: { email: "hello@example.com" },
          content: [{ type: "text/plain", value: made.pick(PARAGRAPHS) }],
          categories: ["newsletter"],
          tracking_settings: { click_tracking: { enable: true } },
        },
        holds: { records: people.length, recipients: people.length },
      };
    }),
  ];
}

export function hubspot(made: MadeUp): readonly BenignBody[] {
  const properties = () => {
    const who = someone(made);
    return {
      email: who.email,
      firstname: who.first,
      lastname: who.last,
      company: who.company,
      phone: who.phone,
    };
  };
  return [
    ...series("HubSpot, new contact", 8, () => ({
      url: "https://api.hubapi.com/crm/v3/objects/contacts",
      destination: "hubspot.other",
      body: { properties: properties(), associations: [] },
    })),
    ...series("HubSpot, batch of contacts", 14, () => {
      const inputs = made.many(made.number(2, 12), () => ({
        id: someone(made).email,
        idProperty: "email",
        properties: properties(),
      }));
      return {
        url: "https://api.hubapi.com/crm/v3/objects/contacts/batch/upsert",
        destination: "hubspot.contacts",
        body: { inputs },
        holds: { records: inputs.length },
      };
    }),
    ...series("HubSpot, batch to archive", 6, () => {
      const inputs = made.many(made.number(1, 20), () => ({ id: made.digits(9) }));
      return {
        url: "https://api.hubapi.com/crm/v3/objects/contacts/batch/archive",
        destination: "hubspot.delete",
        body: { inputs },
        holds: { records: inputs.length },
      };
    }),
  ];
}

export function salesforce(made: MadeUp): readonly BenignBody[] {
  const base = "https://acme.my.salesforce.com/services/data/v66.0";
  const lead = () => {
    const who = someone(made);
    return {
      attributes: { type: "Lead" },
      LastName: who.last,
      FirstName: who.first,
      Company: who.company,
      Email: who.email,
      Description: who.note,
    };
  };
  return [
    ...series("jsforce, one record", 8, () => ({
      url: `${base}/sobjects/Lead`,
      destination: "salesforce.other",
      body: lead(),
    })),
    ...series("jsforce, collection", 14, () => {
      const records = made.many(made.number(2, 12), lead);
      return {
        url: `${base}/composite/sobjects`,
        destination: "salesforce.import",
        body: { allOrNone: false, records },
        holds: { records: records.length },
      };
    }),
    ...series("jsforce, update", 6, () => ({
      method: "PATCH",
      url: `${base}/sobjects/Opportunity/006${made.id(15)}`,
      destination: "salesforce.other",
      body: {
        StageName: "Closed Won",
        Amount: made.number(100, 90_000) + 0.5,
        CloseDate: made.date(),
        NextStep: made.pick(PARAGRAPHS),
      },
    })),
  ];
}

export function zendesk(made: MadeUp): readonly BenignBody[] {
  return [
    ...series("Zendesk, reply", 16, () => ({
      method: "PUT",
      url: `https://acme.zendesk.com/api/v2/tickets/${made.number(1, 9_000)}`,
      destination: "zendesk.reply",
      body: { ticket: { comment: { body: made.pick(PARAGRAPHS), public: true }, status: "pending" } },
    })),
    ...series("Zendesk, reply in HTML", 8, () => ({
      method: "PUT",
      url: `https://acme.zendesk.com/api/v2/tickets/${made.number(1, 9_000)}`,
      destination: "zendesk.reply",
      body: {
        ticket: {
          comment: {
            html_body: `<p>Hello ${someone(made).first},</p><p>${made.pick(PARAGRAPHS).replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`,
          },
        },
      },
    })),
    ...series("Zendesk, new ticket", 6, () => {
      const who = someone(made);
      return {
        url: "https://acme.zendesk.com/api/v2/tickets",
        destination: "zendesk.other",
        body: {
          ticket: {
            subject: "Delivery",
            comment: { body: made.pick(PARAGRAPHS) },
            requester: { name: `${who.first} ${who.last}`, email: who.email },
            tags: ["vip"],
            custom_fields: [{ id: 360_001, value: "web" }],
          },
        },
      };
    }),
    ...series("Intercom, reply", 10, () => ({
      url: `https://api.intercom.io/conversations/${made.number(1, 9_000)}/reply`,
      destination: "intercom.reply",
      body: {
        message_type: "comment",
        type: "admin",
        admin_id: "25",
        body: `<p>${made.pick(PARAGRAPHS).replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`,
      },
    })),
  ];
}

export function jira(made: MadeUp): readonly BenignBody[] {
  const document = () => ({
    type: "doc",
    version: 1,
    content: [
      { type: "heading", attrs: { level: 2 }, content: [{ type: "text", text: "What happened" }] },
      {
        type: "paragraph",
        content: [
          { type: "text", text: "See " },
          {
            type: "text",
            text: "the log",
            marks: [{ type: "link", attrs: { href: "https://example.com/log?a=1&b=2" } }],
          },
          { type: "text", text: " for " },
          { type: "text", text: someone(made).company, marks: [{ type: "strong" }] },
          { type: "hardBreak" },
          { type: "text", text: made.pick(PARAGRAPHS) },
        ],
      },
      {
        type: "bulletList",
        content: [
          {
            type: "listItem",
            content: [{ type: "paragraph", content: [{ type: "text", text: "Restart" }] }],
          },
        ],
      },
    ],
  });
  return [
    ...series("Jira, new issue", 12, () => ({
      url: "https://acme.atlassian.net/rest/api/3/issue",
      body: {
        fields: {
          project: { key: "SHOP" },
          issuetype: { name: "Bug" },
          summary: `Import of ${someone(made).company}`,
          description: document(),
          labels: ["import"],
        },
      },
    })),
    ...series("Jira, comment", 12, () => ({
      url: "https://acme.atlassian.net/rest/api/3/issue/SHOP-7/comment",
      body: { body: document() },
    })),
  ];
}

export function notion(made: MadeUp): readonly BenignBody[] {
  const richText = (text: string) => [
    { type: "text", text: { content: text }, annotations: { bold: false, italic: false } },
  ];
  return [
    ...series("Notion, new page", 12, () => ({
      url: "https://api.notion.com/v1/pages",
      body: {
        parent: { database_id: "d9824bdc-8445-4327-be8b-5b47500af6ce" },
        properties: {
          Name: { title: [{ text: { content: someone(made).company } }] },
          Email: { email: someone(made).email },
          Price: { number: made.number(1, 900) + 0.25 },
          "In stock": { checkbox: true },
        },
        children: [
          {
            object: "block",
            type: "paragraph",
            paragraph: { rich_text: [...richText("Called: "), ...richText(made.pick(PARAGRAPHS))] },
          },
        ],
      },
    })),
    ...series("Notion, blocks", 10, () => ({
      method: "PATCH",
      url: "https://api.notion.com/v1/blocks/b55c9c91-384d-452b-81db-d1ef79372b75/children",
      body: {
        children: made.many(made.number(1, 4), () => ({
          object: "block",
          type: "to_do",
          to_do: { rich_text: richText(made.pick(PARAGRAPHS)), checked: false },
        })),
      },
    })),
  ];
}

export function shopify(made: MadeUp): readonly BenignBody[] {
  const total: MeasureHints = {
    records: { kind: "single" },
    amount: { path: "refund.transactions[*].amount", unit: "major", currency: { code: "USD" } },
    recipients: null,
  };
  return [
    ...series("Shopify, refund", 10, () => {
      const cents = made.number(100, 90_000);
      const amount = `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
      return {
        url: "https://acme.myshopify.com/admin/api/2026-01/orders/450789469/refunds.json",
        hints: total,
        body: {
          refund: {
            currency: "USD",
            notify: true,
            note: "wrong size",
            shipping: { full_refund: true },
            transactions: [{ parent_id: 801_038_806, amount, kind: "refund", gateway: "bogus" }],
          },
        },
        holds: { records: 1, minor: cents },
      };
    }),
    ...series("Shopify, product by GraphQL", 10, () => ({
      url: "https://acme.myshopify.com/admin/api/2026-01/graphql.json",
      body: {
        query:
          "mutation productUpdate($product: ProductUpdateInput!) {\n  productUpdate(product: $product) {\n    product { id title }\n    userErrors { field message }\n  }\n}",
        variables: {
          product: {
            id: `gid://shopify/Product/${made.digits(13)}`,
            title: "T-Shirt “Größe M”",
            descriptionHtml: "<p>100&nbsp;% cotton &ndash; soft</p>",
            tags: ["summer", "sale"],
          },
        },
      },
    })),
  ];
}

export function postgrest(made: MadeUp): readonly BenignBody[] {
  const row = () => {
    const who = someone(made);
    return {
      id: made.number(1, 90_000),
      name: `${who.first} ${who.last}`,
      email: who.email,
      tags: ["a", "b"],
      note: who.note === "" ? null : who.note,
      total: made.number(1, 900) + 0.5,
    };
  };
  return [
    ...series("PostgREST, rows", 16, () => {
      const rows = made.many(made.number(1, 12), row);
      return { url: "https://db.example.com/customers", body: rows, holds: { records: rows.length } };
    }),
    ...series("PostgREST, update", 6, () => ({
      method: "PATCH",
      url: "https://db.example.com/customers?id=eq.7",
      body: row(),
    })),
    ...series("NDJSON, rows", 10, () => {
      const rows = made.many(made.number(2, 10), row);
      return {
        url: "https://load.example.com/rows",
        mediaType: "application/x-ndjson",
        body: rows.map((each) => JSON.stringify(each)).join("\n") + "\n",
        holds: { records: rows.length },
      };
    }),
  ];
}

export function google(made: MadeUp): readonly BenignBody[] {
  return [
    ...series("Google Sheets API, rows", 12, () => {
      const values = made.many(made.number(2, 8), () => {
        const who = someone(made);
        return [who.first, who.last, who.email, made.number(1, 900), true];
      });
      return {
        url: "https://sheets.googleapis.com/v4/spreadsheets/1x/values/Sheet1!A1:append?valueInputOption=USER_ENTERED",
        hints: atPath("$.values[*]"),
        body: { range: "Sheet1!A1", majorDimension: "ROWS", values },
        holds: { records: values.length },
      };
    }),
    ...series("Gmail API, message", 8, () => {
      const who = someone(made);
      const message = `To: ${who.email}\r\nSubject: Your order\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${made.pick(PARAGRAPHS)}`;
      return {
        url: "https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
        destination: "gmail.send",
        body: { raw: Buffer.from(message).toString("base64url") },
      };
    }),
  ];
}
