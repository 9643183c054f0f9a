/*
 * How much a test tries. Property tests, storms and long streams run small before a push and large in
 * `npm run test:chaos`; their assertions are the same. `GATE_TEST_VOLUME=chaos` selects the large size of all of them,
 * `GATE_TEST_<NAME>=<number>` sets one. docs/tests.md lists the names.
 */

export interface Sizes {
  readonly quick: number;
  readonly chaos: number;
}

/** @throws {Error} for a variable that is no positive whole number: a typo would test nothing */
export function volume(name: string, { quick, chaos }: Sizes): number {
  return numberOf(`GATE_TEST_${name}`) ?? (isChaos() ? chaos : quick);
}

/** The seed of a test's random choices: `GATE_TEST_SEED`, which test:chaos draws and prints, or the test's own. */
export function testSeed(own: number): number {
  return numberOf("GATE_TEST_SEED") ?? own;
}

function isChaos(): boolean {
  return process.env["GATE_TEST_VOLUME"] === "chaos";
}

function numberOf(variable: string): number | undefined {
  const written = process.env[variable];
  if (written === undefined || written === "") return undefined;
  if (!/^[1-9]\d{0,8}$/.test(written)) throw new Error(`${variable} must be a whole number, at least 1`);
  return Number(written);
}
