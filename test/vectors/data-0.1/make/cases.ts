import { type Actions, actionsOf, type Case } from "./actions.ts";
import type { Cast } from "./cast.ts";
import { text } from "./client.ts";

type Story = (actions: Actions) => Promise<Case>;

/** More than the 16 KiB that lie beside the case: kept in a record of its own. */
const LARGE = `name,email\n${Array.from({ length: 90 }, (_, at) => `${"Ada".repeat(60)}${at},ada${at}@example.com\n`).join("")}`;

/** Whatever else a proposal may say. */
const EVERYTHING = {
  action: "contacts.add",
  estimatedValueUsd: 12.5,
  sensitivityTags: ["pii"],
  onBehalfOf: "the sales team",
  principalId: "usr-17",
  metadata: { campaign: "autumn", environment: "production", nested: { list: [1, 2.5, null, true] } },
  expiresIn: "2d",
};

/** Each leaves an intent in another state. What lives for minutes only is at the end, made last. */
export const STORIES: Readonly<Record<string, Story>> = {
  /* What waits. */
  pending: ({ hold }) => hold("crm.update"),
  pending_until: ({ hold }) => hold("crm.bounded", { policy: "bounded" }),
  one_vote_of_two: async ({ hold, vote }) => {
    const made = await hold("ledger.post", { policy: "two-votes", estimatedValueUsd: 1200 });
    await vote(made.id, "ana", { comment: "The first of two." });
    return made;
  },
  no_vote_of_two: ({ hold }) => hold("ledger.post", { policy: "two-votes" }),
  voted_by_delegate: async ({ hold, vote }) => {
    const made = await hold("ledger.post", { policy: "two-votes" });
    await vote(made.id, "cleo", { on_behalf_of_principal: "ana" });
    return made;
  },
  voted_by_leaver: async ({ hold, vote }) => {
    const made = await hold("ledger.post", { policy: "two-votes" });
    await vote(made.id, "leaver");
    return made;
  },
  voted_by_account: async ({ hold, voteByAccount }) => {
    const made = await hold("ledger.post", { policy: "two-votes" });
    await voteByAccount(made.id);
    return made;
  },
  one_no_of_two: async ({ hold, act }) => {
    const made = await hold("crm.disputed", { policy: "two-noes" });
    await act(made.id, "ana", "reject", { reason: "The first of two." });
    return made;
  },
  referenced: ({ hold }) =>
    hold("crm.update", { payload: "leads.csv", payload_name: undefined, recordCount: 847 }),
  told: ({ hold }) => hold("crm.linked"),
  to_be_edited: ({ hold }) => hold("crm.update"),
  proxied: ({ proxy }) => proxy("/contacts/7?notify=no", 202, { "idempotency-key": "contact-7" }),
  proxied_own: ({ proxy }) => proxy("/own/8", 202, { authorization: "Bearer agents-own-Qm4tZr81" }),
  gate_made: ({ hold }) => {
    const payload = { body: "Dear Ada, it was sent." };
    return hold("tickets.reply", { payload, payload_name: undefined, metadata: { ticket: 4711 } });
  },

  /* What has ended. */
  executed: async ({ pass, order, report }) => {
    const made = await pass("crm.import", { payload: LARGE, payload_name: "large.csv", ...EVERYTHING });
    await report(await order(made.id), { status: "succeeded", result: { rows: 90 } });
    return made;
  },
  executed_by_person: async ({ hold, vote, order, report }) => {
    const made = await hold("crm.update");
    await vote(made.id, "ben", { comment: "Checked with sales." });
    await report(await order(made.id), { status: "succeeded", result: { rows: 1 }, executed_at: Date.now() });
    return made;
  },
  executed_by_runner: async ({ twoVotes, order, claim, report }) => {
    const made = await twoVotes();
    const placed = await order(made.id);
    await claim(placed);
    await report(placed, { status: "succeeded", result: { posting: "p-1" } }, true);
    return made;
  },
  executed_by_mandate: async ({ pass, order, report }) => {
    const made = await pass("crm.small", { policy: "held" });
    await report(await order(made.id), { status: "succeeded" });
    return made;
  },
  failed: async ({ pass, order, report }) => {
    const made = await pass("crm.import");
    await report(await order(made.id), { status: "failed", result: { error: "no such list" } });
    return made;
  },
  to_retry: async ({ pass, order, report }) => {
    const made = await pass("crm.import");
    await report(await order(made.id), { status: "failed", retryable: true });
    return made;
  },
  unknown: async ({ pass, order, report }) => {
    const made = await pass("crm.import");
    await report(await order(made.id), { status: "indeterminate", result: { sent: "perhaps" } });
    return made;
  },
  proxied_unknown: ({ proxy }) => proxy("/notes/lost", 502),
  proxied_executed: ({ proxy }) => proxy("/notes/9", 201),
  proxied_refused: ({ proxy }) => proxy("/notes/refused", 422),
  proxied_approved: async ({ proxy, vote, until }) => {
    const made = await proxy("/contacts/10", 202, { "x-crm-version": "2" });
    await vote(made.id, "ben");
    await until(made.id, "execution_succeeded");
    return made;
  },
  rejected: async ({ hold, act }) => {
    const made = await hold("crm.update");
    await act(made.id, "ana", "reject", { reason: "Last week's list." });
    return made;
  },
  cancelled: async ({ hold, act }) => {
    const made = await hold("crm.update");
    await act(made.id, "ana", "cancel-approval", { reason: "Asked twice." });
    return made;
  },
  withdrawn: async ({ hold, act }) => {
    const made = await hold("crm.update");
    await act(made.id, "importer", "withdraw");
    return made;
  },
  revoked: async ({ pass, act }) => {
    const made = await pass("crm.import");
    await act(made.id, "ops", "revoke", { reason: "The wrong list." });
    return made;
  },
  expired: async ({ hold, until }) => {
    const made = await hold("crm.bounded", { policy: "bounded", expiresIn: "1s" });
    await until(made.id, "expired");
    return made;
  },
  blocked: ({ propose }) =>
    propose("mail.send", { policy: "strict", payload: "Dear Ada, refund guaranteed." }),
  known: async ({ pass, repeat }) => {
    const made = await pass("crm.import", { idempotency_key: "import-2026-11", payload: "a\n1\n" });
    await repeat(made);
    return made;
  },
  same_again: async ({ pass, repeat }) => {
    const made = await pass("mail.send", { policy: "strict", payload: "Dear Ada, once." });
    await repeat(made);
    return made;
  },
  erased: async ({ pass, order, report, act }) => {
    const made = await pass("crm.import", { payload: LARGE, payload_name: "large.csv" });
    await report(await order(made.id), { status: "succeeded", result: { rows: 90 } });
    await act(made.id, "ops", "erase", { reason: "Asked for by the person." });
    return made;
  },
  erased_with_answer: async ({ proxy, act }) => {
    const made = await proxy("/notes/11", 201);
    await act(made.id, "ops", "erase", { reason: "Asked for by the person." });
    return made;
  },
  retained: async ({ pass, order, report }) => {
    const made = await pass("crm.brief", { policy: "brief" });
    await report(await order(made.id), { status: "succeeded" });
    return made;
  },
  edited: async ({ hold, edit }) => {
    const made = await hold("crm.update");
    return { ...made, successor: await edit(made, "ana", "email\ncorrected@example.com\n") };
  },
  of_stopped_agent: ({ propose }) => propose("crm.import", { policy: "open" }, "night-batch"),

  /* What may be carried out, for a year at most. */
  approved: ({ pass }) => pass("crm.import"),
  approved_by_person: async ({ hold, vote }) => {
    const made = await hold("crm.update");
    await vote(made.id, "ben");
    return made;
  },

  /* What lives for minutes. */
  to_be_sent: async ({ proxy, vote, until }) => {
    // Its credential can't be had, so nothing was sent, and Gate tries again.
    const made = await proxy("/later/12", 202);
    await vote(made.id, "ben");
    await until(made.id, "execution_claim_undone");
    return made;
  },
  ordered: async ({ pass, order }) => {
    const made = await pass("crm.import");
    return { ...made, order: await order(made.id) };
  },
  ordered_for_runner: async ({ twoVotes, order }) => {
    const made = await twoVotes();
    return { ...made, order: await order(made.id) };
  },
  offered: async ({ pass, deliver }) => {
    const made = await pass("crm.import");
    return { ...made, deliveryToken: await deliver(made.id) };
  },
  downloaded: async ({ pass, deliver, download }) => {
    const made = await pass("crm.import");
    const deliveryToken = await deliver(made.id);
    await download(deliveryToken);
    return { ...made, deliveryToken };
  },
  claimed: async ({ twoVotes, order, claim }) => {
    const made = await twoVotes();
    const placed = await order(made.id);
    await claim(placed);
    return { ...made, order: placed };
  },
};

/** Plays one story. */
export function play(name: string, cast: Cast): Promise<Case> {
  const story = STORIES[name];
  if (story === undefined) throw new Error(`no story ${name}`);
  return story(actionsOf(cast));
}

/** The successor of an edited case, as a case of its own. */
export function successorOf(made: Case): Case {
  return { id: text({ id: made.successor }, "id") };
}
