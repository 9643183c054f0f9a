/** Where the registry says that a destination's payloads have their records, money and recipients. */
export interface MeasureHints {
  /** `auto` counts by the payload's format; `single` makes any payload one record; a path counts its matches. */
  readonly records:
    | { readonly kind: "auto" }
    | { readonly kind: "single" }
    | { readonly kind: "path"; readonly path: string };
  readonly amount: {
    readonly path: string;
    /** `minor`: 1250 is 12.50; `major`: 12.5 is 12.50. */
    readonly unit: "minor" | "major";
    /** An ISO 4217 code, or the path of the field that holds it. */
    readonly currency: { readonly code: string } | { readonly path: string };
    /** The decimal mark of amounts that are texts; absent: a text with two readings is unknown. */
    readonly decimal?: "point" | "comma" | undefined;
  } | null;
  readonly recipients: string | null;
}

export const NO_HINTS: MeasureHints = { records: { kind: "auto" }, amount: null, recipients: null };
