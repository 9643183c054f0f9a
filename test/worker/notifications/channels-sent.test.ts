import { beforeAll, describe, expect, test } from "vitest";
import {
  answered,
  delivery,
  notifyChannel,
  outside,
  SCENE,
  setScene,
} from "../../support/worker/channels.ts";
import { call, register } from "../../support/worker/gate.ts";
import { heldThrough } from "../../support/worker/sent-writes.ts";
import { changeRules } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

const DESTINATION = `  crm.sent: { policies: [by-link], prefix: /sent, upstream: "https://upstream.example.com", credential: bot }`;

let agent: Principal;

beforeAll(async () => {
  await setScene();
  const registry = SCENE.registry.replace("  own.pulled:", `${DESTINATION}\n  own.pulled:`);
  await changeRules({ ...SCENE, registry });
  agent = await register("agent");
});

const PLACES = [
  { channel: "hook", person: null, fine: () => answered(200, "ok") },
  {
    channel: "app",
    person: null,
    fine: () => answered(200, { ok: true, channel: "C0APPROVALS", ts: "1.2" }),
  },
  { channel: "json", person: null, fine: () => answered(204, "") },
  { channel: "mail", person: "ana", fine: () => answered(202, "{}") },
  { channel: "sms", person: "ana", fine: () => answered(200, "{}") },
] as const;

type Place = (typeof PLACES)[number];

/** The notification that the channel got of a held request to this path. */
async function sentFor({ channel, person, fine }: Place, path: string, body = "amount=900") {
  const intent = await heldThrough(agent, { path, body });
  const world = outside(fine);
  const result = await notifyChannel(delivery(channel, intent, "held", { person }), world);
  expect(result.kind).toBe("delivered");
  return world.got[0];
}

describe.each(PLACES)("$channel on a write that Gate sends", (place) => {
  test("names method and address", async () => {
    const got = await sentFor(place, "/sent/v1/refunds");
    const isLinked = ["mail", "sms"].includes(place.channel);
    const address = isLinked
      ? "https[:]//upstream[.]example[.]com/v1/refunds"
      : "https://upstream.example.com/v1/refunds";
    expect(got?.text).toContain(`POST ${address}`);
    // Readers of mail and text messages make links of addresses: none of an agent's choice.
    if (isLinked) expect(got?.text).not.toContain("upstream.example.com");
  });

  test("INV-29: contains no query, headers or body, and nothing that identifies a person", async () => {
    const path =
      "/sent/contacts/ada.lovelace%40example.org/calls/4915117234567?note=only-in-the-query&to=jo@example.org";
    const got = await sentFor(place, path, "only-in-the-body");
    expect(got?.text).toContain("[e-mail]");
    expect(got?.text).toContain("?…");
    for (const hidden of ["only-in-the", "ada.lovelace", "jo@", "4915117234567", "content-type"]) {
      expect(got?.text).not.toContain(hidden);
    }
  });

  test("INV-28: shows hidden characters of the address, and no markup, mention or link in it takes effect", async () => {
    const evil = "x%E2%80%AEy%E2%80%8Bz%60%3C!channel%3E%3Cscript%3E&'\"";
    const got = await sentFor(place, `/sent/${evil}`);
    expect(got?.text).toContain("[U+202E]y[U+200B]z");
    expect(got?.text).not.toMatch(/[\u202e\u200b]/);
    const marked =
      place.channel === "mail" ? got?.body.html : ["hook", "app"].includes(place.channel) ? got?.text : "";
    expect(marked).not.toMatch(/<!channel>|<script>/);
    if (["hook", "app"].includes(place.channel)) expect(marked).not.toContain("z`");
  });

  test("shortens a long address to its limits", async () => {
    const got = await sentFor(place, `/sent/${"a/".repeat(900)}end-of-it`);
    expect(got?.text).toContain("a/a/a/a");
    expect(got?.text).toContain("…");
    expect(got?.text).not.toContain("end-of-it");
    for (const block of got?.body.blocks ?? []) {
      expect((block.fields ?? []).length).toBeLessThanOrEqual(10);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2000);
    }
  });
});

test("a message about a write that Gate does not send mentions no request", async () => {
  const body = { destination: "crm.by-link", policy: "by-link", payload: "x" };
  const { intentId } = (await call("POST", "/v1/intents", agent.key, body)).body;
  const world = outside(() => answered(204, ""));
  await notifyChannel(delivery("json", intentId, "held"), world);
  expect(world.got[0]?.body.data.request).toBeNull();
});
