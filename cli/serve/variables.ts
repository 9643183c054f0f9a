import { publicUrlOf } from "./options.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

interface Address {
  readonly host: string;
  readonly port: number;
  /** Null or empty: not given. */
  readonly publicUrl?: string | null;
}

/** The names of all of Gate's own bindings and variables. */
export function ownNames(config: WranglerConfig): ReadonlySet<string> {
  return new Set([
    "LOCAL",
    "LEAVE_WHEN_IDLE",
    ...Object.keys(config.vars),
    ...config.d1_databases.map(({ binding }) => binding),
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...config.queues.producers.map(({ binding }) => binding),
    ...config.ratelimits.map(({ name }) => name),
  ]);
}

/** The origin for links. A wildcard host is no address, so it becomes loopback; a port of 0 is not known yet. */
export function publicUrlFor(
  { host, port, publicUrl }: Address,
  fromEnvironment: string | undefined,
): string {
  if (publicUrl) return publicUrl;
  if (fromEnvironment) return publicUrlOf(fromEnvironment, "GATE_PUBLIC_URL");
  if (port === 0) return "";
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return new URL(`http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`).origin;
}

/** The host in `--host` form: an IPv6 address without its brackets. */
export function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Variables of wrangler.toml that the environment overrides. */
export function overriddenVars(
  config: WranglerConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const set = Object.keys(config.vars).flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set);
}
