/** Time limits that an operator may change within bounds, in milliseconds. */
export interface TimeLimits {
  /** How long an order is valid that no runner claims or reports. */
  readonly orderMs: number;
  /** How long a claim is valid without a heartbeat. */
  readonly claimMs: number;
  /** How long a worker of notifications and webhooks holds a delivery before another one may repeat it. */
  readonly deliveryLeaseMs: number;
}

/** The variables of the deployment, in seconds. */
export interface TimeLimitVariables {
  readonly GATE_ORDER_TTL_SECONDS?: string;
  readonly GATE_CLAIM_TTL_SECONDS?: string;
  readonly GATE_DELIVERY_LEASE_SECONDS?: string;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly byDefault: number;
}

/**
 * An order and a claim may only be shorter than by default: a kill switch, a suspension and a crash take effect at the
 * latest when they end. Below the minimum a runner or a receiver would have no time to act.
 */
export const TIME_LIMIT_BOUNDS: Readonly<Record<keyof TimeLimitVariables, Bounds>> = {
  GATE_ORDER_TTL_SECONDS: { min: 30, max: 900, byDefault: 900 },
  GATE_CLAIM_TTL_SECONDS: { min: 5, max: 300, byDefault: 300 },
  GATE_DELIVERY_LEASE_SECONDS: { min: 5, max: 300, byDefault: 60 },
};

/** @throws {Error} naming the variable that is no whole number within its bounds */
export function timeLimitsOf(variables: TimeLimitVariables): TimeLimits {
  const ms = (name: keyof TimeLimitVariables) => secondsOf(name, variables[name]) * 1_000;
  return {
    orderMs: ms("GATE_ORDER_TTL_SECONDS"),
    claimMs: ms("GATE_CLAIM_TTL_SECONDS"),
    deliveryLeaseMs: ms("GATE_DELIVERY_LEASE_SECONDS"),
  };
}

function secondsOf(name: keyof TimeLimitVariables, written: string | undefined): number {
  const { min, max, byDefault } = TIME_LIMIT_BOUNDS[name];
  if (written === undefined || written === "") return byDefault;
  const seconds = /^\d{1,4}$/.test(written) ? Number(written) : 0;
  if (seconds >= min && seconds <= max) return seconds;
  throw new Error(`${name} must be a whole number of seconds from ${min} to ${max}`);
}
