import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import {
  APPROVE_ACTION,
  MAX_REASON_CHARACTERS,
  REASON_BLOCK,
  REASON_INPUT,
  REJECT_ACTION,
} from "../../app/notifications/channels/slack-message.ts";
import { readRequest, requestSchema } from "../api/shared/request-schema.ts";
import { sameSecret } from "../../app/execution/tokens.ts";

/** Slack's own window: an older request may be a replay. */
const TOLERANCE_MS = 300_000;

/** The headers that Slack signs with. */
export interface SlackHeaders {
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** Verifies Slack's signature over these exact bytes, and its timestamp; `v0` is the scheme's only version. */
export function isFromSlack(
  secret: string,
  { timestamp, signature }: SlackHeaders,
  body: Uint8Array,
  now: number,
): boolean {
  if (timestamp === undefined || !/^\d{10}$/.test(timestamp)) return false;
  if (signature === undefined || !/^v0=[0-9a-f]{64}$/.test(signature)) return false;
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS) return false;
  const signed = concatBytes(utf8ToBytes(`v0:${timestamp}:`), body);
  return sameSecret(signature, `v0=${bytesToHex(hmac(sha256, utf8ToBytes(secret), signed))}`);
}

/** The Slack user who clicked, by Slack's ids: a user chooses the displayed name. */
export interface SlackUser {
  readonly team: string;
  readonly user: string;
}

interface Pressed {
  readonly who: SlackUser;
  /** The reference that Gate signed into the button. */
  readonly reference: string;
  /** Where Slack accepts follow-up messages; its host is checked before each use. */
  readonly responseUrl: string | null;
}

export type SlackInteraction =
  | (Pressed & { readonly kind: "approve" })
  | (Pressed & { readonly kind: "ask_reason"; readonly trigger: string })
  | (Pressed & { readonly kind: "reject"; readonly reason: string })
  /** A link button, or an element of another app: nothing to do. */
  | { readonly kind: "nothing" };

const ID = z.string().regex(/^[A-Z0-9]{1,32}$/);

/** In Slack Connect channels `team` is the channel's workspace, and `user.team_id` the user's. */
const WHO = {
  user: z.object({ id: ID, team_id: ID.optional() }),
  team: z.object({ id: ID }).nullish(),
} as const;

const BLOCK_ACTIONS_FIELDS = z.object({
  type: z.literal("block_actions"),
  ...WHO,
  trigger_id: z.string().max(255).optional(),
  response_url: z.string().max(2000).optional(),
  actions: z
    .array(z.object({ action_id: z.string().max(255), value: z.string().max(2000).optional() }))
    .min(1)
    .max(25),
});

const BLOCK_ACTIONS = requestSchema("POST /slack/interactions: block_actions", BLOCK_ACTIONS_FIELDS);

const VIEW_SUBMISSION_FIELDS = z.object({
  type: z.literal("view_submission"),
  ...WHO,
  view: z.object({
    callback_id: z.string().max(255),
    private_metadata: z.string().max(3000),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))),
    }),
  }),
});

const VIEW_SUBMISSION = requestSchema("POST /slack/interactions: view_submission", VIEW_SUBMISSION_FIELDS);

const METADATA = requestSchema(
  "POST /slack/interactions: private_metadata",
  z.object({ reference: z.string(), responseUrl: z.string().nullable() }),
);

/** State that the modal carries from the button to the submission. */
export function rejectionMetadata(reference: string, responseUrl: string | null): string {
  const whole = JSON.stringify({ reference, responseUrl });
  return whole.length <= 3000 ? whole : JSON.stringify({ reference, responseUrl: null });
}

/** Parses an interaction; null: the body is none. Unknown members are ignored, because Slack adds new ones. */
export function readInteractionBody(body: Uint8Array): SlackInteraction | null {
  const sent = payloadOf(body);
  if (sent === null) return null;
  const pressed = readRequest(BLOCK_ACTIONS, sent);
  if (pressed !== null) return fromButton(pressed);
  const submitted = readRequest(VIEW_SUBMISSION, sent);
  if (submitted !== null) return fromView(submitted);
  const isKnown = ["block_actions", "view_submission"].includes(String(typeOf(sent)));
  return isKnown ? null : { kind: "nothing" };
}

function payloadOf(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body);
    const [payload, ...more] = new URLSearchParams(text).getAll("payload");
    const sent: unknown = payload === undefined || more.length > 0 ? null : JSON.parse(payload);
    return typeof sent === "object" && !Array.isArray(sent) ? sent : null;
  } catch {
    return null;
  }
}

function typeOf(sent: unknown): unknown {
  return typeof sent === "object" && sent !== null && "type" in sent ? sent.type : undefined;
}

function fromButton(pressed: z.infer<typeof BLOCK_ACTIONS_FIELDS>): SlackInteraction | null {
  const who = userOf(pressed);
  const action = pressed.actions.find(({ action_id: id }) => [APPROVE_ACTION, REJECT_ACTION].includes(id));
  if (action === undefined) return { kind: "nothing" };
  if (who === null || action.value === undefined) return null;
  const { value: reference } = action;
  const base = { who, reference, responseUrl: pressed.response_url ?? null };
  if (action.action_id === APPROVE_ACTION) return { kind: "approve", ...base };
  const { trigger_id: trigger } = pressed;
  return trigger === undefined ? null : { kind: "ask_reason", trigger, ...base };
}

function fromView(submitted: z.infer<typeof VIEW_SUBMISSION_FIELDS>): SlackInteraction | null {
  if (submitted.view.callback_id !== REJECT_ACTION) return { kind: "nothing" };
  const who = userOf(submitted);
  const metadata = readRequest(METADATA, jsonOf(submitted.view.private_metadata));
  if (who === null || metadata === null) return null;
  const reason = submitted.view.state.values[REASON_BLOCK]?.[REASON_INPUT]?.value ?? "";
  // Slack counts characters differently from JavaScript; a text longer than the field was not typed there.
  return {
    kind: "reject",
    who,
    ...metadata,
    reason: reason.toWellFormed().slice(0, MAX_REASON_CHARACTERS),
  };
}

function userOf({
  user,
  team,
}: Pick<z.infer<typeof BLOCK_ACTIONS_FIELDS>, "user" | "team">): SlackUser | null {
  const of = user.team_id ?? team?.id;
  return of === undefined ? null : { team: of, user: user.id };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
