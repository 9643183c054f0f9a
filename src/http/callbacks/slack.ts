import { logLine } from "../../core/base/log-line.ts";
import { Hono } from "hono";
import type { JsonObject } from "../../core/base/json.ts";
import { callSlack, type SlackApp } from "../../app/notifications/channels/slack-api.ts";
import { approvalRequest } from "../../app/notifications/channels/slack-app.ts";
import {
  escapeSlack,
  REASON_BLOCK,
  rejectionView,
  decidedMessage,
} from "../../app/notifications/channels/slack-message.ts";
import { readSlackReference, type SlackReference } from "../../app/notifications/channels/slack-reference.ts";
import type { Ports } from "../../ports/ports.ts";
import { readBytes } from "../middleware/body.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { isPassing } from "../../app/operations/credential-failure.ts";
import { SIGNING_SECRET_UNAVAILABLE } from "../problem/from-approval-failure.ts";
import { refuse } from "../problem/problem.ts";
import { rejectFormOutcome, voteOutcome, type SlackOutcome } from "./slack-vote.ts";
import {
  isFromSlack,
  readInteractionBody,
  rejectionMetadata,
  type SlackInteraction,
} from "./slack-request.ts";

/** Slack includes the message that the button is in: 50 blocks at most. */
const MAX_BODY_BYTES = 256 * 1024;

/** Slack waits 3 s for a response, and a form must be opened within 3 s of the click. */
const ANSWER_WITHIN_MS = 2_000;

/** The host of Slack's `response_url`. */
const ANSWER_HOST = "hooks.slack.com";

type Pressed = Exclude<SlackInteraction, { kind: "nothing" }>;

/** A click on a button that Gate signed, in a channel of this app. */
interface Press {
  readonly channel: SlackApp;
  readonly reference: SlackReference;
}

const INTERNAL_FAILURE: SlackOutcome = {
  refused: "Gate failed to process your click. Open the case to see its state.",
  message: null,
};

/** Buttons and forms in Slack. Slack's signature proves the user, and gate.yaml names the person behind the account. */
export const slack = new Hono<GateEnv>().post("/slack/interactions", async (c) => {
  const ports = c.env;
  const bytes = await readBytes(c, MAX_BODY_BYTES);
  const apps = await signedFor(c, bytes);
  const pressed = readInteractionBody(bytes);
  if (pressed === null) {
    return refuse({
      status: 400,
      code: "invalid_request",
      detail: "The form has no `payload` with a Slack interaction.",
    });
  }
  if (pressed.kind === "nothing") return c.body(null, 200);
  const reference = readSlackReference(ports, pressed.reference);
  const channel = apps.find(({ id }) => id === reference?.channel);
  // A button of another deployment or another app.
  if (reference === null || channel === undefined) return c.body(null, 200);
  return pressed.kind === "reject"
    ? submitted(c, pressed, { channel, reference })
    : clicked(c, pressed, { channel, reference });
});

/** The channels of the app whose secret signed the request; 401 for none. */
async function signedFor(c: GateContext, bytes: Uint8Array): Promise<readonly SlackApp[]> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  const apps = [...registry.channels.values()].filter((channel) => channel.kind === "slack_app");
  const headers = {
    timestamp: c.req.header("X-Slack-Request-Timestamp"),
    signature: c.req.header("X-Slack-Signature"),
  };
  const names = [...new Set(apps.map(({ signingSecret }) => signingSecret))];
  const secrets = await Promise.all(names.map(async (name) => [name, await ports.secret(name)] as const));
  const now = Date.now();
  const signing = new Set(
    secrets
      .filter(([, secret]) => secret.ok && isFromSlack(secret.value, headers, bytes, now))
      .map(([name]) => name),
  );
  const signed = apps.filter(({ signingSecret }) => signing.has(signingSecret));
  if (signed.length > 0) return signed;
  if (secrets.some(([, secret]) => !secret.ok && isPassing(secret.error))) {
    return refuse(SIGNING_SECRET_UNAVAILABLE);
  }
  return refuse({
    status: 401,
    code: "invalid_signature",
    detail: "The signature is missing, stale, or not by a Slack app in gate.yaml.",
  });
}

/** Handles a button: Slack expects an empty response, and the result goes to its `response_url`. */
async function clicked(c: GateContext, pressed: Exclude<Pressed, { kind: "reject" }>, press: Press) {
  const ports = c.env;
  const work =
    pressed.kind === "approve"
      ? vote(pressed, press, "approve", null, ports)
      : openReasonForm(pressed, pressed.trigger, press, ports);
  const done = work.then((outcome) => (outcome === null ? null : respond(pressed, outcome, press, ports)));
  c.executionCtx.waitUntil(done);
  await inTime(done);
  return c.body(null, 200);
}

/** Handles the form with the reason; the form shows errors only while Slack waits for the response. */
async function submitted(c: GateContext, pressed: Extract<Pressed, { kind: "reject" }>, press: Press) {
  const ports = c.env;
  if (pressed.reason.trim() === "") return c.json(formError("A rejection needs a reason."));
  const work = vote(pressed, press, "reject", pressed.reason, ports);
  const outcome = await inTime(work);
  const isShown = outcome !== null && outcome.refused !== null;
  c.executionCtx.waitUntil(
    work.then((late) => respond(pressed, isShown ? { ...late, refused: null } : late, press, ports)),
  );
  return isShown ? c.json(formError(outcome.refused ?? "")) : c.body(null, 200);
}

function formError(text: string): JsonObject {
  return { response_action: "errors", errors: { [REASON_BLOCK]: text } };
}

async function vote(
  { who }: Pressed,
  { reference }: Press,
  decision: "approve" | "reject",
  note: string | null,
  ports: Ports,
): Promise<SlackOutcome> {
  try {
    return await voteOutcome(who, reference, { decision, note }, ports);
  } catch (error) {
    console.error(logLine("slack_vote_failed", { error: String(error) }));
    return INTERNAL_FAILURE;
  }
}

/** Opens the form for the reason; null: it is open, and no message follows. */
async function openReasonForm(
  { who, reference: signed, responseUrl }: Pressed,
  trigger: string,
  { channel, reference }: Press,
  ports: Ports,
): Promise<SlackOutcome | null> {
  try {
    const outcome = await rejectFormOutcome(who, reference, ports);
    if (outcome.refused !== null || outcome.message === null) return outcome;
    const view = rejectionView(outcome.message.summary, rejectionMetadata(signed, responseUrl));
    const opened = await callSlack(channel, "views.open", { trigger_id: trigger, view }, ports);
    if (opened.ok) return null;
    console.error(logLine("slack_form_failed", { problem: opened.error.result.problem }));
    return { refused: "Slack did not open the form. Open the case to reject it there.", message: null };
  } catch (error) {
    console.error(logLine("slack_form_failed", { error: String(error) }));
    return INTERNAL_FAILURE;
  }
}

/** Updates the message, and shows only the user who clicked why the vote was not cast. */
async function respond(
  { responseUrl }: Pressed,
  { refused, message }: SlackOutcome,
  { channel }: Press,
  ports: Ports,
): Promise<void> {
  if (responseUrl === null || !isAnswerUrl(responseUrl, channel)) return;
  const answers: JsonObject[] = [];
  if (message !== null) {
    const isWaiting = message.state.phase === "pending_approval";
    const updated = isWaiting
      ? approvalRequest("Approval needed", message, channel, ports)
      : decidedMessage(message);
    answers.push({ replace_original: true, ...updated });
  }
  if (refused !== null) {
    answers.push({ response_type: "ephemeral", replace_original: false, text: escapeSlack(refused) });
  }
  for (const answer of answers) {
    const sent = await ports.sendOutgoing({
      url: responseUrl,
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(answer),
      timeoutMs: ANSWER_TIMEOUT_MS,
      allowPrivate: channel.allowPrivate,
    });
    const problem = sent.ok ? (sent.value.status < 300 ? null : `status ${sent.value.status}`) : sent.error;
    if (problem !== null) console.error(logLine("slack_response_failed", { problem }));
  }
}

/** Follow-up messages are sent after the response to Slack, each within this time. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Accepts only Slack's host, or the operator's replacement for it: a signed body can still name any URL (SSRF). */
function isAnswerUrl(url: string, channel: SlackApp): boolean {
  const { protocol, hostname, port, username, password, origin } = URL.parse(url) ?? EMPTY_URL;
  if (username !== "" || password !== "") return false;
  if (protocol === "https:" && hostname === ANSWER_HOST && port === "") return true;
  return channel.allowPrivate && origin === URL.parse(channel.url)?.origin;
}

const EMPTY_URL = { protocol: "", hostname: "", port: "", username: "", password: "", origin: "" } as const;

/** The result, if it arrives while Slack waits; null: the work continues. */
async function inTime<T>(work: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
