/** How a write is put in words. */
export interface WriteWords {
  /** `send`, `pay out`. */
  readonly verb: string;
  /** What a record is called; null: the write moves money, and its amount is the object. */
  readonly unit: readonly [one: string, many: string] | null;
  /** Before the destination. */
  readonly preposition: "to" | "from" | "in" | "into" | "through";
}

const RECORD = ["record", "records"] as const;

const units = (
  verb: string,
  one: string,
  preposition: WriteWords["preposition"] = "through",
): WriteWords => ({
  verb,
  unit: [one, `${one}s`],
  preposition,
});
const records = (verb: string, preposition: WriteWords["preposition"]): WriteWords => ({
  verb,
  unit: RECORD,
  preposition,
});
const money = (verb: string): WriteWords => ({ verb, unit: null, preposition: "through" });

/**
 * By a word of the destination's name, which the operator registers and policies bind. Never by the action: it is the
 * agent's own label, and a deletion could be called `send`.
 */
const BY_WORD: ReadonlyMap<string, WriteWords> = new Map([
  ["email", units("send", "e-mail")],
  ["mail", units("send", "e-mail")],
  ["campaign", units("send", "e-mail")],
  ["newsletter", units("send", "e-mail")],
  ["message", units("send", "message")],
  ["sms", units("send", "message")],
  ["reply", { verb: "send", unit: ["reply", "replies"], preposition: "through" }],
  ["post", units("publish", "post")],
  ["publish", units("publish", "post")],
  ["call", units("make", "call")],
  ["import", records("import", "into")],
  ["export", records("export", "from")],
  ["create", records("create", "in")],
  ["add", records("add", "to")],
  ["insert", records("insert", "into")],
  ["update", records("update", "in")],
  ["upsert", records("create or update", "in")],
  ["delete", records("delete", "from")],
  ["remove", records("remove", "from")],
  ["erase", records("erase", "from")],
  ["purge", records("purge", "from")],
  ["refund", money("refund")],
  ["refunds", money("refund")],
  ["payout", money("pay out")],
  ["payouts", money("pay out")],
  ["pay", money("pay")],
  ["payment", money("pay")],
  ["payments", money("pay")],
  ["transfer", money("transfer")],
  ["charge", money("charge")],
  ["journal", money("book")],
]);

const DELETIONS: ReadonlySet<string> = new Set(["delete", "remove", "erase", "purge"]);

/** `send` says no more than that; the system says what it sends. */
const MAIL_SYSTEMS =
  /^(?:sendgrid|mailgun|postmark|gmail|ses|smtp|mail|email|loops|mailchimp|resend|sparkpost|outlook)$/;
const MESSAGE_SYSTEMS = /^(?:twilio|slack|teams|discord|telegram|whatsapp|vonage|messagebird)$/;

/** For a destination whose name has no known word. */
const WRITE = records("write", "to");

/** A longer name is no `system.action`, and its words are not looked at. */
const MAX_NAME_CHARACTERS = 128;

/**
 * @param method of the HTTP request that performs the write; null: there is none, or it is not known. A `DELETE` is
 *   called a deletion or by its method, whatever the destination's name promises.
 */
export function writeWords(destination: string, method: string | null): WriteWords | null {
  if (destination.length > MAX_NAME_CHARACTERS) return method === null ? WRITE : null;
  const [system = "", ...rest] = destination.toLowerCase().split(".");
  const action = rest.join(".").split(/[._-]/);
  const word = action.find((each) => each === "send" || BY_WORD.has(each));
  if (method === "DELETE" && (word === undefined || !DELETIONS.has(word))) return null;
  if (word === undefined) return method === null ? WRITE : null;
  return word === "send" ? sent(system) : (BY_WORD.get(word) ?? WRITE);
}

function sent(system: string): WriteWords {
  if (MAIL_SYSTEMS.test(system)) return units("send", "e-mail");
  return MESSAGE_SYSTEMS.test(system) ? units("send", "message") : records("send", "through");
}
