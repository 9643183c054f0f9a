import type { JsonObject } from "../../src/core/base/json.ts";
import { callApi } from "../api.ts";
import { CONFIRM_FLAGS, isConfirmed } from "../confirm.ts";
import { EXIT_FAILED, type CommandIo, type ExitCode } from "../io.ts";
import { visibleJson } from "../sanitize-text.ts";
import { CONNECTION_FLAGS, connectionOf, type Connection } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";
import { principalNamed, shown } from "./principals.ts";

const COMMON = { ...CONNECTION_FLAGS, json: { type: "boolean", default: false } } as const;

interface Change {
  /** The last part of the route. */
  readonly verb: string;
  readonly who: string;
  /** The words beside the principal; empty: none. */
  readonly words: readonly string[];
  /** The question before it; null: none is asked, because it can be undone. */
  question(name: string, word: string): string | null;
  done(name: string, answer: JsonObject): string;
}

const ROTATE: Change = {
  verb: "rotate-key",
  who: "an admin's key",
  words: [],
  question: (name) => `Give ${name} another key? The present one ends at once.`,
  done: (name, answer) => `The new key of ${name}, which is shown once:\n  ${shown(answer, "apiKey", 200)}`,
};

const ROLE: Change = {
  verb: "role",
  who: "an admin's key",
  words: ["role"],
  question: (name, role) =>
    `Make ${name} ${role.startsWith("a") ? "an" : "a"} ${role}? What the present role has begun ends.`,
  done: (name, answer) => `${name} has the role ${shown(answer, "role")}.`,
};

const SUSPEND: Change = {
  verb: "suspend",
  who: "a reviewer's or an admin's key",
  words: [],
  question: () => null,
  done: (name) => `${name} is suspended: its key is refused, until it is reactivated.`,
};

const REACTIVATE: Change = {
  verb: "reactivate",
  who: "an admin's key",
  words: [],
  question: () => null,
  done: (name) => `${name} is active: its key is accepted.`,
};

const REVOKE: Change = {
  verb: "revoke",
  who: "a reviewer's or an admin's key",
  words: [],
  question: (name) => `Revoke ${name}? Its key is refused for good; nobody can reactivate it.`,
  done: (name) => `${name} is revoked.`,
};

export const runRotate = (args: readonly string[], io: CommandIo) => change(ROTATE, args, io);
export const runRole = (args: readonly string[], io: CommandIo) => change(ROLE, args, io);
export const runSuspend = (args: readonly string[], io: CommandIo) => change(SUSPEND, args, io);
export const runReactivate = (args: readonly string[], io: CommandIo) => change(REACTIVATE, args, io);
export const runRevoke = (args: readonly string[], io: CommandIo) => change(REVOKE, args, io);

async function change(
  { verb, who, words, question, done }: Change,
  args: readonly string[],
  io: CommandIo,
): Promise<ExitCode> {
  const { values, positionals } = parseFlags(
    args,
    { ...COMMON, ...CONFIRM_FLAGS },
    { max: 1 + words.length },
  );
  const [named, word = ""] = positionals;
  if (named === undefined) throw new UsageError("name one by its id or name");
  if (positionals.length <= words.length) {
    throw new UsageError(`name the ${words.join(" and the ")} after it`);
  }
  const connection: Connection = connectionOf(values, who);
  const principal = await principalNamed(connection, named);
  const label = `the ${shown(principal, "role")} ${shown(principal, "name")}`;
  const wish = question(label, word);
  if (wish !== null && !(await isConfirmed(wish, values, io))) return EXIT_FAILED;
  const body = Object.fromEntries(words.map((name) => [name, word]));
  const path = `/v1/agents/${encodeURIComponent(String(principal["id"]))}/${verb}`;
  const answer = await callApi(connection, path, { body });
  io.out(values.json ? visibleJson(answer) : capitalised(done(label, answer)));
  return 0;
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
