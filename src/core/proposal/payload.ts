/**
 * The payload of a proposal.
 *
 * `content` holds all the bytes. `reference` holds only a name (and, if the client sent them, a digest and a row
 * count): never a path on the server, and *unmeasured* for every rule.
 */
export type Payload =
  | { readonly kind: "none" }
  | {
      readonly kind: "content";
      readonly bytes: Uint8Array;
      /** The file name the client gave, without directories; null for inline content. */
      readonly name: string | null;
      /** The media type the client declared; null when it declared none. */
      readonly mediaType: string | null;
    }
  | {
      readonly kind: "reference";
      readonly name: string;
      readonly sha256: string | null;
      readonly rows: number | null;
    };
