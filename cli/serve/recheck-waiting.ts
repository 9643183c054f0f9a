import { setTimeout } from "node:timers/promises";
import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { textMember } from "../../verifier/read-json.ts";
import { errorText } from "../io.ts";
import { previewOf, previewText } from "../rules-preview.ts";
import type { RulesSource } from "./rules.ts";

/** How often the version of the rules is compared. */
const POLL_MS = 500;

/** The Worker may use rules that it read this long before; see `adapters/local-rules`. */
const SEEN_BY_WORKER_MS = 200;

/** A walk whose queue message was lost is gone on with: messages are in memory only, and there is no cron. */
const RESUME_MS = 60_000;

const REQUEST_TIMEOUT_MS = 60_000;

interface RecheckerOptions {
  readonly url: URL;
  readonly adminKey: string;
  readonly rules: RulesSource;
  readonly say: (line: string) => void;
}

/**
 * At the start and after each edit that is taken: says what the rules in force make of the cases that wait, and has the
 * Worker evaluate them again.
 *
 * @returns ends it
 */
export function recheckWaiting({ url, adminKey, rules, say }: RecheckerOptions): () => void {
  const stopped = new AbortController();
  let version: string | null = null;
  let isDone = true;
  let begunAt = 0;
  let running: Promise<void> | null = null;

  async function post(path: string, body: JsonObject): Promise<JsonObject> {
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const answer: unknown = await response.json();
    if (response.status === 200 && isJsonObject(answer)) return answer;
    throw new Error(`${path} answered ${response.status}`);
  }

  async function begin(): Promise<void> {
    begunAt = Date.now();
    isDone = textMember(await post("/v1/recheck", {}), "state") === "done";
  }

  async function changed(to: string): Promise<void> {
    await setTimeout(SEEN_BY_WORKER_MS, undefined, { signal: stopped.signal });
    const preview = await previewOf((after) =>
      post("/v1/recheck?dry_run=true", after === null ? {} : { after }),
    );
    // Edited again meanwhile: the preview may be of both, and the next poll says what the later rules make of them.
    if (rules.current().version !== to) return;
    if (preview.cases.length > 0) say(`changed rules: ${previewText(preview)}`);
    await begin();
  }

  async function run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (stopped.signal.aborted) return;
      say(`what waits is evaluated again only when it is read or decided: ${errorText(error)}`);
      isDone = true;
    }
  }

  const timer = setInterval(() => {
    if (running !== null) return;
    const now = rules.current().version;
    const isDue = !isDone && Date.now() - begunAt >= RESUME_MS;
    const work = now !== version ? () => changed(now) : isDue ? begin : null;
    version = now;
    if (work !== null) running = run(work).finally(() => (running = null));
  }, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    stopped.abort();
  };
}
