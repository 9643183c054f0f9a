/** Ends the hold of a slot; a second call does nothing. */
export type ReleaseSlot = () => void;

/** The places for large bodies of this isolate. */
export interface BodySlots {
  /**
   * A place for one large body of this key. Waits for at most `waitMs` while all are taken, or the key has its share.
   *
   * @returns null: none became free
   */
  take(key: string, waitMs: number): Promise<ReleaseSlot | null>;
}
