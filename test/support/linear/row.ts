import { volume } from "../volume.ts";
import type { Shape } from "./shapes.ts";

/** One reader of hostile bytes, with the shapes that are worst for it. */
export interface Row {
  /** `src/core/a.ts#name`: the exported function that is called. */
  readonly subject: string;
  /** Further exports that it runs on the same bytes. */
  readonly inside: readonly string[];
  /** Tokens at the smaller size; the larger has twice as many. */
  readonly size: number;
  readonly shapes: readonly Shape<unknown>[];
  /** Made afresh for each measurement, so that no cache of an earlier one helps. */
  readonly run: (input: never) => unknown;
}

const SIZE = volume("LINEAR_SIZE", { quick: 80, chaos: 1_000 });

export function row<Input>(
  subject: string,
  shapes: readonly Shape<Input>[],
  run: (input: Input) => unknown,
  { inside = [], size = SIZE }: { inside?: readonly string[]; size?: number } = {},
): Row {
  return { subject, inside, size, shapes, run };
}
