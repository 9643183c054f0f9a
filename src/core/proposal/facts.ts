/** What Gate measured, and what the agent declared beside it. Plain JSON: it is stored and digested. */
export interface Facts {
  readonly payload: "none" | "content" | "reference";
  /**
   * What rules about types see: the declared type where one was declared, else what the content is: json, csv,
   * ndjson, text, xml, pdf, xlsx, form, multipart, binary (or an extension Gate does not know). Null when there
   * is nothing to see.
   */
  readonly type: string | null;
  /** What the name's extension or the media type says; null when neither says anything. */
  readonly declaredType: string | null;
  /** The content is not what it is declared to be, or has two readings: such a payload is to be blocked. */
  readonly typeContradiction: boolean;
  /** False when Gate can't read all of the content (compressed, encrypted, unknown encoding): content rules hold. */
  readonly decodable: boolean;
  readonly bytes: number;
  readonly records: {
    readonly declared: number | null;
    readonly measured: number | null;
    /** The larger of the two; null when neither is known. */
    readonly effective: number | null;
    /** True when the destination says where the records are and they are not there: thresholds can't be trusted. */
    readonly uncertain: boolean;
  };
  /** Integer cents; null when the destination does not say where the money is, or it could not be read. */
  readonly valueUsdCents: { readonly declared: number | null; readonly measured: number | null };
  /**
   * `none`: the destination does not say where money is. `measured`: every record has an amount in US dollars.
   * `incomplete`: an amount is missing, negative, not a number, too large, or can't be looked for.
   * `foreign_currency`: every amount was read, and one at least is not in US dollars.
   */
  readonly money: MoneyReading;
  /** Sum per currency in that currency's minor units, by code, for people to see. */
  readonly totals: readonly { readonly currency: string; readonly minor: number }[];
  /** Recipients found at the destination's path; null when it names none or they can't be read. */
  readonly recipients: number | null;
}

export type MoneyReading = "none" | "measured" | "incomplete" | "foreign_currency";
