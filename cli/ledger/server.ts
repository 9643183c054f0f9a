import { setTimeout } from "node:timers/promises";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/base/json.ts";
import { quoted } from "../../verifier/finding.ts";
import { member, numberMember, readJson, textMember } from "../../verifier/read-json.ts";
import { errorText } from "../io.ts";
import { refuseWithoutKey } from "../server-and-key.ts";
import { Unreadable, type LedgerOptions } from "./options.ts";

/*
 * The routes of a server's log. The server is untrusted: responses are bounded and checked, and believed only as far as
 * a proof goes.
 */

const TIMEOUT_MS = 30_000;
const PAGE_ENTRIES = 1_000;

/** A page has about 1 MB of entries, and more after JSON escaping. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The longest pause that Gate asks for: its limits are by the minute. */
const MAX_WAIT_SECONDS = 60;

export interface LogServer {
  /** The log's name and keys as the server claims them. */
  published(): Promise<{ readonly origin: string | null; readonly vkeys: readonly string[] }>;
  /** The latest signed note. */
  checkpoint(): Promise<string>;
  /** The sealer's state; `fault` is why it stopped. */
  health(): Promise<Health>;
  /** Lines of entries from this index on, and the index to continue at; no lines at the end. */
  entries(from: number, limit: number): Promise<{ readonly lines: readonly string[]; readonly next: number }>;
  /** Hashes in base64; null: the server has no such proof. */
  consistency(old: number, size: number): Promise<readonly string[] | null>;
  inclusion(
    index: number,
    size: number,
  ): Promise<{ readonly leaf: string; readonly proof: readonly string[] } | null>;
}

export interface Health {
  readonly status: string;
  readonly rows: number;
  readonly sealed: number;
  readonly fault: {
    readonly reason: string;
    readonly row: number | null;
    readonly chain: string | null;
  } | null;
}

export const WHO = "an auditor's or admin's key";

/** @throws {UsageError} without a key */
export function connectServer({ server, apiKey }: Pick<LedgerOptions, "server" | "apiKey">): LogServer {
  return logServer(server, apiKey ?? refuseWithoutKey(WHO));
}

function logServer(server: URL, apiKey: string): LogServer {
  const request = (path: string) => get(server, path, apiKey);
  return {
    async published() {
      const log = member(objectOf(await request("/.well-known/gate"), server), "log");
      if (!isJsonObject(log)) throw new Unreadable(`${server.href} publishes no log`);
      return { origin: textMember(log, "origin"), vkeys: textsOf(member(log, "vkeys")) };
    },

    async checkpoint() {
      return (await request("/log/checkpoint")).text;
    },

    async health() {
      const health = objectOf(await request("/log/health"), server);
      const fault = member(health, "fault");
      return {
        status: textMember(health, "status") ?? "unknown",
        rows: numberMember(health, "rows") ?? 0,
        sealed: numberMember(health, "sealed") ?? 0,
        fault: isJsonObject(fault)
          ? {
              reason: textMember(fault, "reason") ?? "unknown",
              row: numberMember(fault, "row"),
              chain: textMember(fault, "chain"),
            }
          : null,
      };
    },

    async entries(from, limit) {
      const { text, headers } = await request(
        `/log/entries?from=${from}&limit=${Math.min(limit, PAGE_ENTRIES)}`,
      );
      const next = Number(headers.get("x-log-next"));
      return {
        lines: text.split("\n").filter((line) => line !== ""),
        next: Number.isSafeInteger(next) && next > from ? next : from,
      };
    },

    async consistency(old, size) {
      const answer = await fetchProof(() => request(`/log/proof/consistency?old=${old}&new=${size}`));
      return answer === null ? null : textsOf(member(objectOf(answer, server), "proof"));
    },

    async inclusion(index, size) {
      const answer = await fetchProof(() => request(`/log/proof/inclusion?index=${index}&size=${size}`));
      if (answer === null) return null;
      const proved = objectOf(answer, server);
      return { leaf: textMember(proved, "leaf_hash") ?? "", proof: textsOf(member(proved, "proof")) };
    },
  };
}

/** The server refused the request; the message names the fix. */
export class Refused extends Unreadable {
  override readonly name = "Unreadable";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Answer {
  readonly text: string;
  readonly headers: Headers;
}

async function fetchProof(request: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Pages of the ledger have a limit a minute: a long export waits for the next one as often as it has to. */
async function get(server: URL, path: string, apiKey: string): Promise<Answer> {
  for (;;) {
    const answered = await getOnce(server, path, apiKey);
    if (!("waitMs" in answered)) return answered;
    await setTimeout(answered.waitMs);
  }
}

/** What to wait for: 429 with a time that Gate itself would say. */
function waitMsOf({ status, headers }: Response): number | null {
  const seconds = Number(headers.get("retry-after") ?? "");
  return status === 429 && seconds >= 1 && seconds <= MAX_WAIT_SECONDS ? seconds * 1_000 : null;
}

async function getOnce(
  server: URL,
  path: string,
  apiKey: string,
): Promise<Answer | { readonly waitMs: number }> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, server), {
      headers: { authorization: `Bearer ${apiKey}` },
      // A followed redirect could send the key to another host.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await bounded(response);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Unreadable(`${server.origin} can't be reached: ${errorText(cause)}`);
  }
  const waitMs = waitMsOf(response);
  if (waitMs !== null) return { waitMs };
  if (!response.ok) throw new Refused(response.status, refusalText(server, path, response.status, text));
  return { text, headers: response.headers };
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new Unreadable(`the server's response is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text + decoder.decode();
}

function refusalText(server: URL, path: string, status: number, text: string): string {
  const [route = path] = path.split("?");
  if (status === 401) {
    return `${server.origin} does not know this key (401): put ${WHO} into GATE_API_KEY`;
  }
  if (status === 403) {
    return `${server.origin} does not let this key read the ledger (403): use ${WHO}`;
  }
  const problem = readJson(text);
  const detail = isJsonObject(problem) ? textMember(problem, "detail") : null;
  const stopped = status === 503 && route === "/log/checkpoint" ? "there is no signed checkpoint: " : "";
  return `${server.origin} responded ${status} to ${route}: ${stopped}${quoted(detail ?? "no reason given")}`;
}

function objectOf({ text }: Answer, server: URL): JsonObject {
  const value = readJson(text);
  if (isJsonObject(value)) return value;
  throw new Unreadable(`${server.origin} responded with something other than JSON: is it a Gate server?`);
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
