import type { CallOptions } from "./call-options.ts";
import { GateError, GateOptionError } from "./gate-error.ts";
import { knownOptions, withAliases } from "./names.ts";
import { MAX_PAYLOAD_BYTES, type PayloadLimits } from "./payload.ts";
import { environment } from "./environment.ts";
import { send, type WireRequest } from "./transport.ts";
import type { Answer } from "./answers.ts";

export interface GateOptions {
  /** Gate's address, for example `http://localhost:4000`. Default: `GATE_ENDPOINT`. */
  readonly endpoint?: string | URL;
  /** The agent's key. Default: `GATE_API_KEY`; for a local server, the key that it stored for this user. */
  readonly apiKey?: string;
  /** A reviewer's key, for approving, rejecting and revoking. Default: `GATE_REVIEWER_KEY`, then the agent's key. */
  readonly reviewerKey?: string;
  /** Milliseconds for one call, repeats included. Default: 30,000. */
  readonly timeoutMs?: number;
  /** How often a call is repeated at most after a transient failure. Default: 3. */
  readonly retries?: number;
  /** Default: the runtime's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** False: a payload that names a file is sent as plain text. Default: true. */
  readonly readFiles?: boolean;
  /** The SDK refuses larger payloads before sending. Default: 10 MiB, the server's own default. */
  readonly maxPayloadBytes?: number;
}

/** A request to Gate's API. */
export interface ApiRequest extends CallOptions, Pick<WireRequest, "method" | "path"> {
  readonly body?: object;
  /** Whose key goes with it: a role's, an order's token, or none. Default: the agent's. */
  readonly as?: "agent" | "reviewer" | { readonly key: string | null };
  readonly idempotencyKey?: string | null;
  readonly retries?: number;
  readonly attemptMs?: number;
}

/** Where Gate is and who calls: what every function of the client takes first. */
export interface Connection extends PayloadLimits {
  /** Gate's address, without a slash at its end. */
  readonly endpoint: string;
  /** @throws {GateError} */
  send(request: ApiRequest): Promise<Answer>;
}

/** The type of each option. */
const OPTIONS = {
  endpoint: "string",
  apiKey: "string",
  reviewerKey: "string",
  timeoutMs: "number",
  retries: "number",
  fetch: "function",
  readFiles: "boolean",
  maxPayloadBytes: "number",
} as const satisfies Record<keyof GateOptions, string>;

const NAMES: ReadonlySet<keyof GateOptions> = new Set(Object.keys(OPTIONS) as (keyof GateOptions)[]);

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;

/** What a machine has for programs that run on it. */
export interface LocalParts {
  /** The key that a local server stored for this user. */
  agentKey(endpoint: URL): Promise<string | null>;
  readonly readFile: PayloadLimits["readFile"];
}

/**
 * @param local left out: no local server's key is looked for, and no file is read
 * @throws {GateOptionError}
 */
export function connectWith(options: GateOptions, local?: LocalParts): Connection {
  const given = checked(options);
  const url = endpointOf(given.endpoint ?? environment("GATE_ENDPOINT"));
  const transport = {
    endpoint: url.href.replace(/\/$/, ""),
    timeoutMs: given.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retries: given.retries ?? DEFAULT_RETRIES,
    // An arrow function: some runtimes throw "Illegal invocation" unless `fetch` is called on the global object.
    fetch: given.fetch ?? ((...call: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...call)),
  };

  // Read for each request: a local server that restarts with new data has a new key.
  const agentKey = async () =>
    required(given.apiKey ?? environment("GATE_API_KEY") ?? (await local?.agentKey(url)) ?? null);
  const reviewerKey = async () => given.reviewerKey ?? environment("GATE_REVIEWER_KEY") ?? (await agentKey());

  return {
    endpoint: transport.endpoint,
    readFile: given.readFiles === false ? null : (local?.readFile ?? null),
    maxPayloadBytes: given.maxPayloadBytes ?? MAX_PAYLOAD_BYTES,
    async send({ as = "agent", ...request }) {
      const key =
        typeof as === "object" ? as.key : as === "reviewer" ? await reviewerKey() : await agentKey();
      return withAliases(await send(transport, { ...request, key }));
    },
  };
}

function required(key: string | null): string {
  if (key !== null && key !== "") return key;
  throw new GateError("no API key: pass apiKey, or set GATE_API_KEY", {
    code: "no_api_key",
  });
}

/** An unknown option is an error: with a misspelt `apikey` dropped silently, another key would be used. */
function checked(options: GateOptions): GateOptions {
  const given = knownOptions(options, NAMES);
  for (const [name, value] of Object.entries(given)) {
    if (value instanceof URL && name === "endpoint") continue;
    const least = name === "timeoutMs" ? 1 : 0;
    const isInRange = typeof value !== "number" || (value >= least && value < Infinity);
    if (typeof value === OPTIONS[name as keyof GateOptions] && isInRange) continue;
    throw new GateOptionError(`${name} can't be ${value === null ? "null" : `this ${typeof value}`}`);
  }
  return given as GateOptions;
}

function endpointOf(endpoint: string | URL | undefined): URL {
  const url = endpoint !== undefined && URL.canParse(String(endpoint)) ? new URL(endpoint) : null;
  const isPlain = url !== null && url.username + url.password + url.search + url.hash === "";
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  throw new GateOptionError("endpoint must be an http or https URL, without credentials, query and fragment");
}
