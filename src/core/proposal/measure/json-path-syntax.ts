/** A parsed path: RFC 9535 after `$`, or a dot path, which is looked up in every item of an array it meets. */
export interface JsonPath {
  readonly segments: readonly Segment[];
  /** Dot paths descend into every item of an array. */
  readonly dotted: boolean;
  /** It selects some nodes of many (filter, slice, `..`), and so may skip records that lack the value. */
  readonly selective: boolean;
}

export interface Segment {
  readonly descendant: boolean;
  readonly selectors: readonly Selector[];
}

export type Selector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "wildcard" }
  | {
      readonly kind: "slice";
      readonly start: number | null;
      readonly end: number | null;
      readonly step: number;
    }
  | { readonly kind: "filter"; readonly test: Test };

export type Test =
  | { readonly kind: "or" | "and"; readonly terms: readonly Test[] }
  | { readonly kind: "not"; readonly term: Test }
  | { readonly kind: "exists"; readonly query: Query }
  | {
      readonly kind: "compare";
      readonly operator: Operator;
      readonly left: Operand;
      readonly right: Operand;
    };

export type Operator = "==" | "!=" | "<=" | ">=" | "<" | ">";

export interface Query {
  /** `$` is the document, `@` the node being tested. */
  readonly from: "$" | "@";
  readonly segments: readonly Segment[];
}

export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "length"; readonly of: Operand }
  | { readonly kind: "count" | "value"; readonly query: Query };
