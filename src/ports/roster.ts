/** How often, and when, a person was taken out of `gate.yaml`. */
export interface Departures {
  readonly times: number;
  /** In milliseconds since the epoch; null: never. */
  readonly lastAt: number | null;
}

/**
 * Who was in `gate.yaml`, over time. What ends when a person or an issuer is taken out has ended for good: put back, the
 * person signs in again and gets new links.
 */
export interface Roster {
  departuresOf(person: string): Promise<Departures>;
}
