import { csvShape, looksLikeCsv } from "../formats/csv.ts";
import { withDisputedAsLines } from "../formats/line-ends.ts";
import { known, larger, type Measured, merged } from "../measured.ts";

/**
 * The records that a field's lines are; 0 for prose. Where a program that ends lines at a NEL finds others, as in
 * `ids=1<NEL>2`, the number is unknown.
 *
 * @param count counts by the line ends that all readers know
 */
export function countEitherWay(value: string, count: (text: string) => Measured): Measured {
  const counted = count(value);
  const split = withDisputedAsLines(value);
  if (counted.doubt !== null || split === value) return counted;
  const other = count(split);
  return larger(merged([counted.value ?? 0, other.value ?? 0], "uncountable_field"), other);
}

/** A table counts its rows, and lines of one word each are a list. Prose of several lines is one value. */
export function countLines(value: string): Measured {
  if (looksLikeCsv(value)) {
    const { rows, doubt } = csvShape(value);
    return { value: rows, doubt };
  }
  const lines = value.split(/[\n\r]+/).filter((line) => line.trim() !== "");
  return known(lines.length > 1 && lines.every((line) => !/\s/.test(line.trim())) ? lines.length : 0);
}

/** Whether more than one line has text in it, to any reader. */
export function hasLines(text: string): boolean {
  return (
    withDisputedAsLines(text)
      .split(/[\n\r]/)
      .filter((line) => line.trim() !== "").length > 1
  );
}
