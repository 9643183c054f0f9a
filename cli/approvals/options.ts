import { CONNECTION_FLAGS, connectionOf, type Connection } from "../server-and-key.ts";
import { parseFlags, UsageError } from "../usage.ts";

export const WHO = "a reviewer's key";

/** The batch route's limit. */
const MAX_IDS = 100;

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** People decide within minutes, so a poll every few seconds is soon enough and cheap for the server. */
const DEFAULT_INTERVAL_SECONDS = 5;
const MAX_INTERVAL_SECONDS = 3_600;

const FLAGS = {
  ...CONNECTION_FLAGS,
  json: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  comment: { type: "string" },
  reason: { type: "string" },
  "on-behalf-of": { type: "string" },
  full: { type: "boolean", default: false },
  group: { type: "string" },
  groups: { type: "boolean", default: false },
  mine: { type: "boolean", default: false },
  agent: { type: "string" },
  destination: { type: "string" },
  policy: { type: "string" },
  person: { type: "string" },
  search: { type: "string" },
  limit: { type: "string" },
  interval: { type: "string" },
  bell: { type: "boolean", default: false },
} as const;

export type Flag = keyof typeof FLAGS;

/** Flags of every command. */
const COMMON: readonly Flag[] = ["server", "api-key-file"];

export interface ApprovalOptions {
  readonly connection: Connection;
  /** Ids, or their beginnings. */
  readonly ids: readonly string[];
  readonly json: boolean;
  readonly yes: boolean;
  readonly comment: string | null;
  readonly reason: string | null;
  readonly onBehalfOf: string | null;
  readonly full: boolean;
  readonly groups: boolean;
  /** The list's filters, under the server's query names. */
  readonly filter: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly bell: boolean;
}

/**
 * @param allowed the command's flags besides server and key; any other flag is an error
 * @param ids the number of ids that the command takes
 * @throws {UsageError} {Unreachable}
 */
export function readApprovalOptions(
  args: readonly string[],
  allowed: readonly Flag[],
  ids: { readonly min: number; readonly max: number } = { min: 0, max: 0 },
): ApprovalOptions {
  const names = [...COMMON, ...allowed];
  const known = Object.fromEntries(Object.entries(FLAGS).filter(([name]) => names.includes(name as Flag)));
  const { values, positionals } = parseFlags(args, known as typeof FLAGS, { max: ids.max });
  if (positionals.length < ids.min) throw new UsageError("name the intent by its id");
  const { group, mine, agent, destination, policy, person, search } = values;
  const filter = {
    group,
    agent,
    destination,
    policy,
    person,
    q: search,
    mine: mine === true ? "true" : undefined,
  };
  return {
    connection: connectionOf(values, WHO),
    ids: [...new Set(positionals)],
    json: values.json ?? false,
    yes: values.yes ?? false,
    comment: values.comment ?? null,
    reason: values.reason ?? null,
    onBehalfOf: values["on-behalf-of"] ?? null,
    full: values.full ?? false,
    groups: values.groups ?? false,
    filter: {
      ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
      limit: String(values.limit === undefined ? DEFAULT_PAGE : wholeOf("limit", values.limit, MAX_PAGE)),
    },
    intervalMs:
      1_000 *
      (values.interval === undefined
        ? DEFAULT_INTERVAL_SECONDS
        : wholeOf("interval", values.interval, MAX_INTERVAL_SECONDS)),
    bell: values.bell ?? false,
  };
}

export const SOME_IDS = { min: 1, max: MAX_IDS };

function wholeOf(name: string, text: string, max: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  throw new UsageError(`--${name} takes a whole number from 1 to ${max}, not "${text}"`);
}
