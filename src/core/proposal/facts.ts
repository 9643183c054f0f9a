import type { Doubts } from "./doubt.ts";

/** What Gate measured, and what the agent declared beside it. Plain JSON: it is stored and digested. */
export interface Facts {
  readonly payload: "none" | "content" | "reference";
  /**
   * The type that type rules check: the declared type, or else the detected one: json, csv, ndjson, text, xml, pdf,
   * xlsx, form, multipart, binary (or an extension Gate does not know). Null when neither is known.
   */
  readonly type: string | null;
  /** The type that the name's extension or the media type declares; null when neither declares one. */
  readonly declaredType: string | null;
  /** The content contradicts its declared type, or parsers differ on its meaning: type and field rules block it. */
  readonly typeContradiction: boolean;
  /** False when Gate can't read all of the content (compressed, encrypted, unknown encoding): content rules hold. */
  readonly decodable: boolean;
  readonly bytes: number;
  readonly records: {
    readonly declared: number | null;
    readonly measured: number | null;
    /** The larger of the two; null when neither is known. */
    readonly effective: number | null;
    /** True when the count is unknown (`doubts.records` says why): thresholds hold, and `measured` is the largest reading. */
    readonly uncertain: boolean;
  };
  /** Integer cents; measured is null without a configured amount path, or when not all amounts are US dollars. */
  readonly valueUsdCents: { readonly declared: number | null; readonly measured: number | null };
  /**
   * `none`: the destination has no amount path. `measured`: every record has an amount in US dollars.
   * `incomplete`: the sum is unknown (`doubts.money` says why).
   * `foreign_currency`: every amount was read, and at least one is not in US dollars.
   */
  readonly money: MoneyStatus;
  /** Sum per currency in that currency's minor units, sorted by code; shown to reviewers. */
  readonly totals: readonly { readonly currency: string; readonly minor: number }[];
  /** Recipients counted at the configured path; null when no path is configured or they can't be read. */
  readonly recipients: number | null;
  /** Why facts are unknown; absent where all are known, and in facts stored before doubts were. */
  readonly doubts?: Doubts;
}

export type MoneyStatus = "none" | "measured" | "incomplete" | "foreign_currency";
