import { z } from "zod";
import { canonicalPath } from "../../core/outbound/path.ts";
import { isReadMethod, READ_METHODS } from "../../core/outbound/reads.ts";
import { CHANNELS, secretName } from "./channels.ts";
import { CREDENTIALS } from "./credentials.ts";
import {
  ABOUT_AN_UPSTREAM,
  EXECUTE,
  headerName,
  INJECT,
  MAX_IDLE_SECONDS,
  MAX_TIMEOUT_SECONDS,
} from "./sending.ts";
import { isReservedPath, RESERVED_PATHS } from "./reserved-paths.ts";
import { SIGN_IN } from "./sign-in.ts";
import { VAULTS } from "./vaults.ts";
import {
  choice,
  destinationName,
  editorPattern,
  flag,
  list,
  mapping,
  name,
  text,
  WEB_ADDRESS,
  wholeNumber,
} from "../yaml/schema-types.ts";

const METHOD = /^[A-Z]{3,10}$/;
/** The first segment is lower case, as Gate's own paths are; those below it are spelled as the upstream spells them. */
const PREFIX = /^\/[a-z0-9][a-z0-9-_]*(?:\/[A-Za-z0-9][A-Za-z0-9-_.~]*)*$/;
const READ_PATH = /^\/[^\s?#]*$/;

const A_PLAIN_PATH =
  "must be a plain path: no `//`, dot segments, encoded slashes, `;`, or letters beyond ASCII";
/** For editors, an approximation of `canonicalPath`, which also decodes. */
const PLAIN_PATH = String.raw`^(?!.*(?://|/\.\.?(?:/|\*?$)|%2[Ff]|%5[Cc]))[A-Za-z0-9\-._~!$&'()*+,=:@%/]*$`;
const A_STAR_AT_THE_END = "must have a `*` only at its end";

const NOT_A_RESERVED_PATH = "must not be one of Gate's own paths";
const UNRESERVED_PATH = `^(?!/(?:${[...RESERVED_PATHS].map((first) => first.replaceAll(".", String.raw`\.`)).join("|")})(?:/|$))`;

const CURRENCY = /^[A-Z]{3}$/;

/** Slack's ids of the workspace (or organisation) and the member. */
const SLACK_USER = /^[TE][A-Z0-9]{2,30}\/[UW][A-Z0-9]{2,30}$/;
const A_SLACK_USER = "must be Slack's ids of workspace and member, such as T0123456789/U0123456789";
const SELF = "must be a destination such as {policies: [crm-low-risk]}";

const path = (what: string) => text(what, 300);

const amount = mapping(
  {
    path: path("the path of the amounts, such as lines.amount"),
    unit: choice(["minor", "major"]),
    decimal: choice(["point", "comma"]).optional(),
    currency: z.union(
      [
        z
          .string()
          .regex(CURRENCY)
          .transform((code) => ({ code })),
        mapping({ path: path("the path of the currency") }, "must be {path: …}"),
      ],
      { error: "must be a currency such as USD, or {path: …} of the field that holds it" },
    ),
  },
  "must be {path: …, unit: minor or major, currency: USD}",
);

const read = mapping(
  {
    method: z
      .string({ error: "must be a method such as GET" })
      .regex(METHOD, { error: "must be a method such as GET, in capitals" })
      .refine(isReadMethod, {
        error:
          "must be a method that reads: GET, HEAD, OPTIONS, QUERY, SEARCH, PROPFIND, REPORT, or POST for searches",
      })
      .meta({ enum: READ_METHODS }),
    path: z
      .string({ error: "must be a path such as /v1/contacts/*" })
      .max(500, { error: "is too long for a path" })
      .regex(READ_PATH, { error: "must be a path such as /v1/contacts/*" })
      .refine((written) => !written.slice(0, -1).includes("*"), { error: A_STAR_AT_THE_END })
      .refine((written) => canonicalPath(written.replace(/\*$/, "")).ok, { error: A_PLAIN_PATH })
      .meta({
        allOf: [
          ...editorPattern(String.raw`^[^*]*\*?$`, A_STAR_AT_THE_END).allOf,
          ...editorPattern(PLAIN_PATH, A_PLAIN_PATH).allOf,
        ],
      }),
  },
  "must be a request that only reads, such as {method: GET, path: /v1/contacts/*}",
);

const destination = mapping(
  {
    policies: list(name("a policy's id"), "policies", 20).optional(),
    risk_weight: wholeNumber("hundredths of risk", 0, 100).optional(),
    records: text("`auto`, `single` or the path of the records", 300).optional(),
    amount: amount.optional(),
    recipients: path("the path of the recipients").optional(),
    executor: choice(["runner", "gate", "forward", "external_pull"]).optional(),
    runners: list(name("a runner"), "runners").optional(),
    claim: z.literal("required", { error: "must be `required`" }).optional(),
    proof: z.literal("required", { error: "must be `required`" }).optional(),
    idempotent: flag().optional(),
    credential: secretName,
    inject: INJECT.optional(),
    execute: EXECUTE.optional(),
    upstream: text("a URL such as https://api.example.com", 500).meta(WEB_ADDRESS).optional(),
    prefix: z
      .string({ error: "must be a path such as /sfdc" })
      .max(100, { error: "is too long for a prefix" })
      .regex(PREFIX, {
        error: "must be a path such as /sfdc: its first part in lower case, no slash at the end",
      })
      .refine((written) => !isReservedPath(written), { error: NOT_A_RESERVED_PATH })
      .meta(editorPattern(UNRESERVED_PATH, NOT_A_RESERVED_PATH))
      .optional(),
    reads: list(read, "requests that only read").optional(),
    timeout_seconds: wholeNumber("seconds to wait for the upstream", 1, MAX_TIMEOUT_SECONDS).optional(),
    idle_seconds: wholeNumber("seconds of silence in a response", 1, MAX_IDLE_SECONDS).optional(),
    headers: list(headerName, "agents' headers whose meaning is known", 50).optional(),
    drop_headers: list(headerName, "agents' headers to drop", 50).optional(),
    idempotency_header: headerName.optional(),
    allow_private: flag().optional(),
  },
  SELF,
).meta({
  dependencies: {
    ...Object.fromEntries(ABOUT_AN_UPSTREAM.map((key) => [key, ["upstream"]])),
    inject: ["upstream", "credential"],
  },
});

export type WrittenDestination = z.output<typeof destination>;

export const REGISTRY_FILE = mapping(
  {
    unbound_destinations: choice(["allow", "block"]).optional(),
    unknown_hosts: choice(["allow", "block"]).optional(),
    people: z
      .record(
        name("a person's id"),
        mapping(
          {
            name: text("a person's name", 200),
            email: z
              .email({ error: "must be an e-mail address" })
              .max(254, { error: "must be an e-mail address" })
              .optional(),
            slack: z
              .string({ error: A_SLACK_USER })
              .regex(SLACK_USER, { error: `${A_SLACK_USER}; a Slack user can choose any name` })
              .optional(),
          },
          "must be a person such as {name: Ana Diaz, email: ana@example.com}",
        ),
        { error: "must be people by id, such as {ana: {name: Ana Diaz}}" },
      )
      .optional(),
    groups: z
      .record(name("a group's id"), list(name("a person's id"), "people"), {
        error: "must be groups by id, such as {finance: [ana, ben]}",
      })
      .optional(),
    runners: z
      .record(
        name("a runner's name"),
        mapping({ description: text("a description", 500) }, "must be {description: …}"),
        { error: "must be runners by name, such as {vpc-1: {description: …}}" },
      )
      .optional(),
    credentials: CREDENTIALS,
    vaults: VAULTS,
    sign_in: SIGN_IN,
    channels: CHANNELS,
    destinations: z
      .record(destinationName, destination, {
        error: "must be destinations by name, such as {salesforce.import: {policies: [crm-low-risk]}}",
      })
      .optional(),
  },
  "must be a registry: destinations, people, groups, runners, credentials, vaults, sign_in, channels",
);
