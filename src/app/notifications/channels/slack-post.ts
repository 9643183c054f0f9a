import type { JsonObject } from "../../../core/base/json.ts";

/** A posted request, for `chat.update` and replies. */
export interface Post {
  readonly channel: string;
  readonly ts: string;
  /** The message that it is a reply to; null: it stands in the channel itself. */
  readonly thread: string | null;
}

const RECEIPT = /^([A-Z0-9]{2,32})\/([0-9.]{1,32})(?:\/([0-9.]{1,32}))?$/;

/** The post that a delivery's receipt names; null: none. */
export function postOf(receipt: string | null): Post | null {
  const [, channel, ts, thread = null] = RECEIPT.exec(receipt ?? "") ?? [];
  return channel === undefined || ts === undefined ? null : { channel, ts, thread };
}

/** The receipt of Slack's answer; null: it names no message. */
export function receiptOf({ channel, ts }: JsonObject, thread: string | null): string | null {
  if (typeof channel !== "string" || typeof ts !== "string") return null;
  return thread === null ? `${channel}/${ts}` : `${channel}/${ts}/${thread}`;
}
