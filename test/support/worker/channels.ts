import { env } from "cloudflare:workers";
import type { Channel } from "../../../src/core/registry/registry.ts";
import { ok, type Result } from "../../../src/core/base/result.ts";
import { portsOf } from "../../../src/env.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type {
  DeliveryKind,
  DeliveryRecord,
  Outgoing,
  OutgoingAnswer,
  OutgoingProblem,
} from "../../../src/ports/notifications.ts";
import { sendToChannel } from "../../../src/app/notifications/channels/send.ts";
import { proposal, propose, register } from "./gate.ts";
import { bindings } from "./bindings.ts";
import { changeRules, RULES, type TestRules } from "./rules.ts";
import type { Principal } from "../client.ts";

export const SECRETS = {
  SCENE_WEBHOOK_URL: "https://hooks.slack.com/services/T0HOME/B0SCENE/verySecretPath",
  SCENE_BOT: "xoxb-scene-secret-token",
  SCENE_SIGNING: "8f742231b10e8888abcd99yyyzzz85a5",
  SCENE_OTHER_SIGNING: "another-apps-signing-secret",
  SCENE_WHSEC: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  SCENE_MAIL: "mail-api-key",
  SCENE_PROVIDER: "provider-shared-secret",
} as const;

export const ANA = { team: "T0HOME", user: "U0ANA" } as const;
export const BEN = { team: "T0HOME", user: "U0BEN" } as const;

const CHANNELS = `
credentials:
  webhook-url: { ref: env://SCENE_WEBHOOK_URL }
  bot: { ref: env://SCENE_BOT }
  signing: { ref: env://SCENE_SIGNING }
  other-signing: { ref: env://SCENE_OTHER_SIGNING }
  whsec: { ref: env://SCENE_WHSEC }
  mail: { ref: env://SCENE_MAIL }
  provider: { ref: env://SCENE_PROVIDER }
  unset: { ref: env://SCENE_UNSET }
channels:
  hook: { type: slack_webhook, secret: webhook-url, destinations: [crm.nowhere] }
  app: { type: slack_app, channel: C0APPROVALS, token: bot, signing_secret: signing, destinations: [crm.nowhere] }
  other-app: { type: slack_app, channel: C0OTHER, token: bot, signing_secret: other-signing, destinations: [crm.nowhere] }
  json: { type: webhook, url: "https://hooks.example.com/gate", secret: whsec, destinations: [crm.nowhere] }
  mail: { type: email, url: "https://mail.example.com/send", secret: mail, from: Gate <gate@example.com>, destinations: [crm.nowhere] }
  sms: { type: a2h, url: "https://sms.example.com/a2h", secret: provider, destinations: [crm.nowhere] }
  voice: { type: a2h, url: "https://voice.example.com/a2h", secret: unset, assurance: slack, destinations: [crm.nowhere] }
`;

/** The tests' rules with people in Slack and a channel of each kind, which nothing reaches by itself. */
export const SCENE: TestRules = {
  policies: RULES.policies,
  registry:
    replaced(
      replaced(RULES.registry, "email: ana@example.com }", "email: ana@example.com, slack: T0HOME/U0ANA }"),
      "email: ben@example.com }",
      "email: ben@example.com, slack: T0HOME/U0BEN }",
    ) + CHANNELS,
};

function replaced(text: string, from: string, to: string): string {
  const done = text.replace(from, to);
  if (done === text) throw new Error(`not in the tests' registry: ${from}`);
  return done;
}

/** Puts the scene in force. */
export async function setScene(): Promise<void> {
  Object.assign(bindings, SECRETS);
  agent = undefined;
  await changeRules(SCENE);
}

export function ports(): Ports {
  return portsOf(env as never);
}

export async function channelOf(id: string): Promise<Channel> {
  const { registry } = await ports().rules.current();
  const channel = registry.channels.get(id);
  if (channel === undefined) throw new Error(`no channel ${id}`);
  return channel;
}

/** A request as the provider got it, its body parsed. */
export interface Got {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // Tests look at what went over the wire, whatever it was.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

type Sent = Result<OutgoingAnswer, OutgoingProblem>;

/** A provider outside that answers by this function and records its requests. */
export function outside(answer: (request: Outgoing) => Sent = () => answered(200, "ok")) {
  const got: Got[] = [];
  return {
    got,
    async sendOutgoing(request: Outgoing): Promise<Sent> {
      const text = request.body ?? "";
      got.push({ url: request.url, headers: request.headers, text, body: JSON.parse(text) });
      return answer(request);
    },
  };
}

export function answered(status: number, body: unknown, headers: Record<string, string> = {}): Sent {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ok({ status, headers: new Headers(headers), text });
}

export function delivery(
  channel: string,
  intent: string,
  kind: DeliveryKind,
  more: Partial<DeliveryRecord> = {},
): DeliveryRecord {
  return {
    id: `dlv-${channel}-${intent}-${kind}-${more.person ?? ""}`,
    target: `channel:${channel}`,
    person: null,
    kind,
    intent,
    seq: 3,
    to: null,
    at: Date.now(),
    state: "pending",
    attempts: 1,
    nextAt: null,
    lastStatus: null,
    lastProblem: null,
    deliveredAt: null,
    receipt: null,
    ...more,
  };
}

/** Sends one delivery to its channel; the test stands in for the outside world. */
export async function notifyChannel(
  record: DeliveryRecord,
  world: Pick<Ports, "sendOutgoing"> & {
    readonly earlier?: readonly DeliveryRecord[];
    /** To the same target, the newest first. */
    readonly before?: readonly DeliveryRecord[];
  },
  settings: Partial<Ports["settings"]> = { publicUrl: "https://gate.example.com" },
) {
  const real = ports();
  const channel = await channelOf(record.target.replace("channel:", ""));
  return sendToChannel(record, channel, {
    ...real,
    settings: { ...real.settings, ...settings },
    sendOutgoing: world.sendOutgoing,
    deliveries: {
      ...real.deliveries,
      ofIntents: async () => world.earlier ?? [],
      log: async () => world.before ?? [],
    },
  });
}

/** The scene's agent; registered anew for each test file, since storage is emptied in between. */
let agent: Principal | undefined;

/** A held intent of an agent that no person of the scene owns. */
export async function held(
  destination = "crm.held",
  more: Record<string, unknown> = {},
  by?: Principal,
): Promise<string> {
  agent ??= await register("agent");
  return propose(by ?? agent, proposal(destination, more), "pending_approval");
}
