/** What a request counts as. `docs/api.md` lists the routes of each. */
export const REQUEST_CLASSES = [
  "proposals",
  "requests",
  "proxied_requests",
  "evidence",
  "heartbeats",
] as const;

export type RequestClass = (typeof REQUEST_CLASSES)[number];

/** Requests of each class that one key may send in a minute; of heartbeats, those for one order. */
export type RequestLimits = Readonly<Record<RequestClass, number>>;

export interface RequestLimitVariables {
  readonly GATE_PROPOSALS_PER_MINUTE?: string;
  readonly GATE_REQUESTS_PER_MINUTE?: string;
  readonly GATE_PROXIED_REQUESTS_PER_MINUTE?: string;
  readonly GATE_EVIDENCE_PER_MINUTE?: string;
  readonly GATE_HEARTBEATS_PER_MINUTE?: string;
}

/** Beyond a million a minute an isolate is busy with nothing else, and a limit would limit nothing. */
export const MAX_PER_MINUTE = 1_000_000;

interface Limit {
  readonly variable: keyof RequestLimitVariables;
  readonly byDefault: number;
}

export const REQUEST_LIMITS: Readonly<Record<RequestClass, Limit>> = {
  proposals: { variable: "GATE_PROPOSALS_PER_MINUTE", byDefault: 600 },
  requests: { variable: "GATE_REQUESTS_PER_MINUTE", byDefault: 3_000 },
  proxied_requests: { variable: "GATE_PROXIED_REQUESTS_PER_MINUTE", byDefault: 60_000 },
  evidence: { variable: "GATE_EVIDENCE_PER_MINUTE", byDefault: 60 },
  heartbeats: { variable: "GATE_HEARTBEATS_PER_MINUTE", byDefault: 120 },
};

/** @throws {Error} naming the variable that is no whole number within its bounds */
export function requestLimitsOf(variables: RequestLimitVariables): RequestLimits {
  const limits = REQUEST_CLASSES.map((each) => [each, perMinute(REQUEST_LIMITS[each], variables)] as const);
  return Object.fromEntries(limits) as RequestLimits;
}

function perMinute({ variable, byDefault }: Limit, variables: RequestLimitVariables): number {
  const written = variables[variable];
  if (written === undefined || written === "") return byDefault;
  const count = /^\d{1,7}$/.test(written) ? Number(written) : 0;
  if (count >= 1 && count <= MAX_PER_MINUTE) return count;
  throw new Error(`${variable} must be a whole number from 1 to ${MAX_PER_MINUTE}`);
}
