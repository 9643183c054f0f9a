/** Prints what was measured against its goal, as one row of a table. */
export function printGoal(
  what: string,
  measured: number,
  goal: { readonly atMost: number } | { readonly atLeast: number },
  unit = "",
): void {
  const isMet = "atMost" in goal ? measured <= goal.atMost : measured >= goal.atLeast;
  const wanted = "atMost" in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
  console.log(`| ${what} | ${digits(measured)}${unit} | ${wanted}${unit} | ${isMet ? "met" : "NOT MET"} |`);
}

function digits(value: number): string {
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0);
}
