import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";
import { AUTO, type BenignBody } from "./entry.ts";
import { person, type Person, REGIONS } from "./people.ts";
import type { MadeUp } from "./random.ts";

/*
 * Bodies of published SDKs that send forms: stripe-node writes nested members in brackets and lists with numbers,
 * @slack/web-api writes lists and objects as JSON in a field, twilio repeats a field.
 */

const FORM = "application/x-www-form-urlencoded";

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };
type Fields = { readonly [name: string]: Value };

interface Call {
  readonly url: string;
  readonly fields: Fields;
  readonly mediaType?: string;
  readonly destination?: string;
  readonly hints?: MeasureHints;
  readonly holds?: BenignBody["holds"];
}

const series = (
  name: string,
  count: number,
  encode: (fields: Fields) => string,
  make: (at: number) => Call,
): readonly BenignBody[] =>
  Array.from({ length: count }, (_, at) => {
    const { url, fields, mediaType, destination, hints, holds } = make(at);
    return {
      name: `${name} ${at + 1}`,
      mediaType: mediaType ?? FORM,
      file: null,
      request: { method: "POST", url },
      ...(destination === undefined ? { hints: hints ?? AUTO } : { destination }),
      text: encode(fields),
      holds: holds ?? { records: 1 },
    };
  });

const someone = (made: MadeUp): Person => person(made, made.pick(REGIONS));

const pair = (name: string, value: string) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`;

/** As stripe-node: `items[0][price]=…`, brackets as they are. */
function stripeForm(fields: Fields): string {
  return pairsOf(fields, "")
    .map(([name, value]) => pair(name, value).replaceAll("%5B", "[").replaceAll("%5D", "]"))
    .join("&");
}

function pairsOf(value: Value | Fields, path: string): readonly (readonly [string, string])[] {
  if (typeof value !== "object") return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, item]) =>
    pairsOf(item, path === "" ? name : `${path}[${name}]`),
  );
}

export function stripe(made: MadeUp): readonly BenignBody[] {
  const base = "https://api.stripe.com/v1";
  return [
    ...series("stripe-node, refund", 14, stripeForm, () => {
      const amount = made.number(50, 90_000);
      return {
        url: `${base}/refunds`,
        destination: "stripe.refund",
        fields: {
          charge: `ch_${made.id(24)}`,
          amount,
          reason: "requested_by_customer",
          metadata: { order: "1042", note: made.pick(["wrong size", "Größe falsch", "50% off"]) },
        },
        holds: { records: 1, minor: amount },
      };
    }),
    ...series("stripe-node, payout", 8, stripeForm, () => {
      const amount = made.number(5_000, 900_000);
      return {
        url: `${base}/payouts`,
        destination: "stripe.payout",
        fields: { amount, currency: "usd", description: "Weekly payout", statement_descriptor: "ACME" },
        holds: { records: 1, minor: amount },
      };
    }),
    ...series("stripe-node, customer", 10, stripeForm, () => {
      const who = someone(made);
      return {
        url: `${base}/customers`,
        destination: "stripe.other",
        fields: {
          email: who.email,
          name: `${who.first} ${who.last}`,
          description: who.note,
          phone: who.phone,
          address: { city: who.city, country: "DE", line1: "Hauptstraße 1" },
          preferred_locales: ["de", "en"],
          expand: ["sources"],
        },
        holds: { records: 2 },
      };
    }),
    ...series("stripe-node, subscription", 8, stripeForm, () => {
      const items = made.many(made.number(1, 3), () => ({
        price: `price_${made.id(14)}`,
        quantity: made.number(1, 9),
      }));
      return {
        url: `${base}/subscriptions`,
        destination: "stripe.other",
        fields: {
          customer: `cus_${made.id(14)}`,
          items,
          collection_method: "send_invoice",
          days_until_due: 30,
        },
        holds: { records: items.length },
      };
    }),
  ];
}

/** As @slack/web-api: what is no plain value becomes JSON. */
function slackForm(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => pair(name, typeof value === "object" ? JSON.stringify(value) : String(value)))
    .join("&");
}

const MESSAGES = [
  "Deploy of *shop* finished :tada:",
  "New lead: <https://example.com/l/7|Müller & Söhne> & two more",
  "Build #42 failed: `npm test` – see <https://example.com/b?id=42&x=1>",
  "Ticket 4411 is overdue; please look.",
  "明日の会議は15時からです。",
] as const;

export function slack(made: MadeUp): readonly BenignBody[] {
  const url = "https://slack.com/api/chat.postMessage";
  const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });
  const rich = (text: string) => ({
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [
          { type: "text", text: "Hello " },
          { type: "user", user_id: "U012ABCDE" },
          { type: "text", text: `, ${text}`, style: { bold: true } },
          { type: "emoji", name: "wave" },
        ],
      },
    ],
  });
  return [
    ...series("Slack, plain message", 12, slackForm, () => ({
      url,
      destination: "slack.message",
      fields: { channel: "C0123456789", text: made.pick(MESSAGES), unfurl_links: false },
    })),
    ...series("Slack, blocks", 14, slackForm, () => ({
      url,
      destination: "slack.message",
      fields: {
        channel: "C0123456789",
        text: "fallback",
        blocks: [section(made.pick(MESSAGES)), { type: "divider" }, rich(made.pick(MESSAGES))],
        metadata: { event_type: "deploy", event_payload: { id: "42" } },
      },
    })),
    ...series("Slack, reaction", 6, slackForm, () => ({
      url: "https://slack.com/api/reactions.add",
      destination: "slack.other",
      fields: { channel: "C0123456789", name: "thumbsup", timestamp: "1769000000.000100" },
    })),
  ];
}

function twilioForm(fields: Fields): string {
  return Object.entries(fields)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((item) => pair(name, String(item))) : [pair(name, String(value))],
    )
    .join("&");
}

export function twilio(made: MadeUp): readonly BenignBody[] {
  const base = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000";
  return [
    ...series("twilio, message", 14, twilioForm, () => ({
      url: `${base}/Messages.json`,
      destination: "twilio.message",
      fields: {
        To: someone(made).phone,
        From: "+15550100100",
        Body: made.pick([
          "Your code is 431 207.",
          "Ihr Paket kommt heute; 14–16 Uhr.",
          "Reminder: appointment at 3 pm & bring ID",
          "ご予約を確認しました",
        ]),
      },
      holds: { records: 1, recipients: 1 },
    })),
    ...series("twilio, message with pictures", 6, twilioForm, () => ({
      url: `${base}/Messages.json`,
      destination: "twilio.message",
      fields: {
        To: someone(made).phone,
        From: "+15550100100",
        Body: "Photos",
        MediaUrl: ["https://example.com/a.jpg?x=1&y=2", "https://example.com/b.jpg"],
      },
      holds: { records: 1, recipients: 1 },
    })),
    ...series("twilio, call", 6, twilioForm, () => ({
      url: `${base}/Calls.json`,
      destination: "twilio.call",
      fields: {
        To: someone(made).phone,
        From: "+15550100100",
        Url: "https://example.com/voice.xml?lead=7&x=1",
        StatusCallbackEvent: ["initiated", "completed"],
      },
      holds: { records: 1, recipients: 1 },
    })),
  ];
}

export function tokenForms(made: MadeUp): readonly BenignBody[] {
  return series("form, an unnamed service", 8, twilioForm, () => ({
    url: "https://forms.example.com/contact",
    mediaType: `${FORM};charset=UTF-8`,
    fields: {
      name: someone(made).first,
      company: someone(made).company,
      message: "Please call me; mornings are best. 50% sure = yes & thanks!",
      consent: "on",
    },
  }));
}
