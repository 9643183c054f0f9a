/** What Gate measured, and what the agent declared beside it. Plain JSON: it is stored and digested. */
export interface Facts {
  readonly payload: "none" | "content" | "reference";
  /** json, csv, ndjson, text, xml, pdf, xlsx, form, multipart, binary; null when there is nothing to see. */
  readonly type: string | null;
  readonly bytes: number;
  readonly records: {
    readonly declared: number | null;
    readonly measured: number | null;
    /** The larger of the two; null when neither is known. */
    readonly effective: number | null;
  };
  /** Integer cents; null when the destination does not say where the money is, or it could not be read. */
  readonly valueUsdCents: { readonly declared: number | null; readonly measured: number | null };
}
