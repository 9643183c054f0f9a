declare module "vitest" {
  interface ProvidedContext {
    /** The folder in which the tests of this run note what they saw. */
    openApiFolder: string;
    /** Where tests inside the runtime, which compiles no schema, hand over what they saw. */
    openApiPort: number;
  }
}

/** One response of Gate, as the test's client got it. */
export interface Exchange {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly type: string;
  /** The body of a JSON response; null for any other. */
  readonly json: string | null;
}

let waiting: Exchange[] = [];

export function noteExchange(exchange: Exchange): void {
  waiting.push(exchange);
}

/** All since the last call. */
export function takeExchanges(): readonly Exchange[] {
  const taken = waiting;
  waiting = [];
  return taken;
}
