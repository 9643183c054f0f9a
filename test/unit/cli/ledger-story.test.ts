import { expect, test } from "vitest";
import { storyOf } from "../../../cli/ledger/story.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import {
  debatedLives,
  fullLife,
  interleaved,
  type Life,
  MadeLog,
  recheckedLives,
  sentLives,
  someLives,
  TRUSTED,
} from "../../support/bundle-maker.ts";

const LABELS = ["agent", "what", "why", "decided", "when", "sent", "outcome", "verified"];

async function storyFrom(life: Life, trusted: typeof TRUSTED | null = TRUSTED) {
  const bundle = await new MadeLog(life.entries).bundle(life);
  const story = storyOf(bundle, await verifyBundle(bundle, trusted));
  expect(story.map(([label]) => label)).toEqual(LABELS);
  return Object.fromEntries(story) as Readonly<Record<string, string>>;
}

test("ledger show tells every kind of life in eight lines, each with words and none unknown", async () => {
  const lives = [
    ...(await someLives()),
    ...(await sentLives()),
    ...(await debatedLives()),
    ...(await recheckedLives()),
  ];
  const log = new MadeLog(interleaved(lives));
  for (const life of lives) {
    const bundle = await log.bundle(life);
    const story = storyOf(bundle, await verifyBundle(bundle, TRUSTED));
    expect(story.map(([label]) => label)).toEqual(LABELS);
    for (const [label, words] of story) expect(words, `${life.terms.id} ${label}`).toMatch(/\S/);
    const known = story.filter(([label]) => label !== "what").map(([, words]) => words);
    expect(known.join("\n"), life.terms.id).not.toContain("unknown");
  }
});

test("ledger show says who voted, what they said, how often it was ordered, and the outcome", async () => {
  const story = await storyFrom(await fullLife(1));
  expect(story["decided"]).toMatch(/^approved by .*ana.* and .*ben/);
  expect(story["sent"]).toMatch(/2 orders, one after the other, claimed, payload SHA-256 /);
  expect(story["outcome"]).toMatch(/^succeeded, reported by /);
  expect(story["verified"]).toBe(
    "yes: every entry is in the log that your key signed; names are the server's, ids the log's",
  );
});

test("ledger show counts no vote that an evaluation under changed rules ended", async () => {
  const [, , , , blockedThenHeld] = await recheckedLives();
  if (blockedThenHeld === undefined) throw new Error("no life");
  const story = await storyFrom(blockedThenHeld);
  expect(story["why"]).toMatch(/^held, under changed rules: /);
  expect(story["decided"]).toMatch(/^approved by [^ ]*ana[^ ]*/);
});

test("ledger show uses the bundle's names, and says NO to a changed entry and not shown without a key", async () => {
  const life = await fullLife(1);
  const bundle = await new MadeLog(life.entries).bundle(life);
  const agent = String((JSON.parse(bundle.entries[0]?.body ?? "{}") as { agent?: string }).agent);
  bundle.names = [{ id: agent, name: "CRM sync\u202e" }];
  const named = Object.fromEntries(storyOf(bundle, await verifyBundle(bundle, null)));
  expect(named["agent"]).toBe(`CRM sync⟨U+202E⟩ (${agent})`);
  expect(named["verified"]).toMatch(/^not shown: No trusted key was given/);
  const [first] = bundle.entries;
  if (first === undefined) throw new Error("no entries");
  first.at += 1;
  const changed = Object.fromEntries(storyOf(bundle, await verifyBundle(bundle, TRUSTED)));
  expect(changed["verified"]).toMatch(/^NO, \d+ of \d+ checks failed: /);
});
