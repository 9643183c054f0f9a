import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../core/base/json.ts";
import type { Channel } from "../../core/registry/registry.ts";
import {
  choice,
  destinationPattern,
  editorPattern,
  flag,
  list,
  mapping,
  name,
  text,
  WEB_ADDRESS,
} from "../yaml/schema-types.ts";

/*
 * `channels` of gate.yaml: how people are notified of pending intents. Every secret is the name of a credential; a
 * secret written in its place is refused and never repeated in the message.
 */

const SLACK_API = "https://slack.com/api";
const SLACK_CHANNEL = /^[CGD][A-Z0-9]{2,30}$/;
const ADDRESS_TEXT = String.raw`[^\s@<>"(),;:\\]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`;
const ADDRESS = new RegExp(`^${ADDRESS_TEXT}$`);
const NAME_TEXT = String.raw`[^\p{Cc}<>"@,;:\\]{1,100}`;
const NAMED_ADDRESS = new RegExp(`^${NAME_TEXT} <([^<>]{3,254})>$`, "u");
const A_SENDER = "must be a sender such as gate@example.com or `Gate <gate@example.com>`";

/** RFC 9110 section 5.6.2. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** Headers that frame the request, belong to the connection, or that Gate sets itself. */
const TAKEN_HEADERS = new Set([
  "connection",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "host",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const A_FREE_HEADER = "must be a header that carries a secret, such as Authorization";

const THE_SECRET_ONCE = "must contain `{secret}` once, where the secret goes, such as `Bearer {secret}`";

/** Bounds the recursion; deeper than any provider's request. */
const MAX_BODY_DEPTH = 10;

export const secretName = name(
  "the name of a credential of this file; the secret itself never stands here",
).optional();

const secret = secretName.unwrap();

const url = text("a URL such as https://hooks.example.com/gate", 500).meta(WEB_ADDRESS);

const sender = z
  .string({ error: A_SENDER })
  .max(400, { error: "is too long for a sender" })
  .refine((written) => ADDRESS.test(NAMED_ADDRESS.exec(written)?.[1] ?? written), {
    error: A_SENDER,
  })
  .meta(editorPattern(`^(?:${ADDRESS_TEXT}|${NAME_TEXT} <${ADDRESS_TEXT}>)$`, A_SENDER));

const header = z
  .string({ error: "must be a header's name such as Authorization" })
  .regex(HEADER_NAME, { error: "must be a header's name such as Authorization" })
  .refine((written) => !TAKEN_HEADERS.has(written.toLowerCase()), {
    error: A_FREE_HEADER,
  })
  .meta(editorPattern(`^(?!(?:${[...TAKEN_HEADERS].map(inAnyCase).join("|")})$)`, A_FREE_HEADER));

const format = z
  .string({ error: "must be the header's value, such as `Bearer {secret}`" })
  .max(300, { error: "is too long for a header" })
  .regex(/^[ -~]*$/, { error: "must be plain ASCII in one line, such as `Bearer {secret}`" })
  .refine((written) => written.split("{secret}").length === 2, {
    error: THE_SECRET_ONCE,
  })
  .meta(
    editorPattern(
      String.raw`^(?:(?!\{secret\})[\s\S])*\{secret\}(?:(?!\{secret\})[\s\S])*$`,
      THE_SECRET_ONCE,
    ),
  );

const body = z
  .custom<JsonObject>((value) => isJsonObject(value) && isJson(value, 0), {
    error: "must be a mapping of texts, numbers and lists, such as {to: '{to}', subject: '{subject}'}",
  })
  .meta({ type: "object" });

const COMMON = {
  for: list(name("a group or person of this file"), "groups and people", 50).optional(),
  destinations: list(destinationPattern, "destinations", 200).optional(),
  allow_private: flag().optional(),
} as const;

const TYPES = ["slack_webhook", "slack_app", "webhook", "email", "a2h"] as const;

const SELF = "must be a channel such as {type: slack_webhook, secret: slack-url}";

function channel<const T extends (typeof TYPES)[number], const S extends z.core.$ZodLooseShape>(
  type: T,
  shape: S,
) {
  return mapping({ type: z.literal(type), ...shape, ...COMMON }, SELF);
}

export const CHANNELS = z
  .record(
    name("a channel's id"),
    z.discriminatedUnion(
      "type",
      [
        channel("slack_webhook", { secret }),
        channel("slack_app", {
          channel: z
            .string({ error: "must be Slack's id of the channel, such as C0123456789" })
            .regex(SLACK_CHANNEL, {
              error: "must be Slack's id of the channel, such as C0123456789, not its name",
            }),
          token: secret,
          signing_secret: secret,
          url: url.optional(),
        }),
        channel("webhook", { url, secret }),
        channel("email", {
          url,
          secret,
          from: sender,
          header: header.optional(),
          format: format.optional(),
          body: body.optional(),
        }),
        channel("a2h", { url, secret, assurance: choice(["link", "slack"]).optional() }),
      ],
      {
        error: (issue) =>
          issue.code === "invalid_union"
            ? `must be ${TYPES.map((type) => `\`${type}\``).join(" or ")}`
            : SELF,
      },
    ),
    { error: "must be channels by id, such as {ops: {type: slack_webhook, secret: slack-url}}" },
  )
  .optional();

export type WrittenChannels = NonNullable<z.output<typeof CHANNELS>>;
type WrittenChannel = WrittenChannels[string];

export function channelOf(id: string, written: WrittenChannel): Channel {
  const base = {
    id,
    for: [...new Set(written.for)],
    destinations: [...new Set(written.destinations)],
    allowPrivate: written.allow_private ?? false,
  };
  switch (written.type) {
    case "slack_webhook":
      return { ...base, kind: "slack_webhook", secret: written.secret };
    case "slack_app":
      return {
        ...base,
        kind: "slack_app",
        channel: written.channel,
        token: written.token,
        signingSecret: written.signing_secret,
        url: (written.url ?? SLACK_API).replace(/\/$/, ""),
      };
    case "webhook":
      return { ...base, kind: "webhook", url: written.url, secret: written.secret };
    case "email":
      return {
        ...base,
        kind: "email",
        url: written.url,
        secret: written.secret,
        from: written.from,
        header: written.header ?? "Authorization",
        format: written.format ?? "Bearer {secret}",
        body: written.body ?? null,
      };
    case "a2h":
      return {
        ...base,
        kind: "a2h",
        url: written.url,
        secret: written.secret,
        assurance: written.assurance ?? "link",
      };
  }
}

/** JSON Schema patterns have no flag for case-insensitivity. */
function inAnyCase(word: string): string {
  return word.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** YAML has values that JSON lacks: infinities and NaN. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) {
    return value === null || typeof value === "string" || typeof value === "boolean";
  }
  return depth < MAX_BODY_DEPTH && Object.values(value).every((member) => isJson(member, depth + 1));
}
