/** Limits of request bodies that an operator may change within bounds. */
export interface BodyLimits {
  /** Time in which a body has to arrive. */
  readonly arrivalMs: number;
  /** How many bodies over `LARGE_BODY_BYTES` an isolate holds at once. */
  readonly largeBodies: number;
}

export interface BodyLimitVariables {
  readonly GATE_BODY_SECONDS?: string;
  readonly GATE_LARGE_BODIES?: string;
}

/** A larger body, its text and its parsed form take a noticeable part of an isolate's 128 MB. */
export const LARGE_BODY_BYTES = 1024 * 1024;

/** Two large bodies at least: one key gets half of them. */
export const BODY_LIMIT_BOUNDS = {
  GATE_BODY_SECONDS: { min: 2, max: 300, byDefault: 60 },
  GATE_LARGE_BODIES: { min: 2, max: 64, byDefault: 8 },
} as const satisfies Record<keyof BodyLimitVariables, unknown>;

/** @throws {Error} naming the variable that is no whole number within its bounds */
export function bodyLimitsOf(variables: BodyLimitVariables): BodyLimits {
  return {
    arrivalMs: numberOf("GATE_BODY_SECONDS", variables) * 1_000,
    largeBodies: numberOf("GATE_LARGE_BODIES", variables),
  };
}

function numberOf(name: keyof BodyLimitVariables, variables: BodyLimitVariables): number {
  const { min, max, byDefault } = BODY_LIMIT_BOUNDS[name];
  const written = variables[name];
  if (written === undefined || written === "") return byDefault;
  const number = /^\d{1,4}$/.test(written) ? Number(written) : 0;
  if (number >= min && number <= max) return number;
  throw new Error(`${name} must be a whole number from ${min} to ${max}`);
}
