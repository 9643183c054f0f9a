/**
 * Adds up Vitest's JSON reports for `.ci/run`: seconds of each project, and as the last line `N passed, N failed`, with
 * skipped tests where there are any.
 */
import { existsSync, readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
  }[];
}

const reports = process.argv
  .slice(2)
  .filter((path) => existsSync(path))
  .map((path) => JSON.parse(readFileSync(path, "utf8")) as Report);

const seconds = new Map<string, number>();
for (const { name, startTime, endTime } of reports.flatMap(({ testResults }) => testResults)) {
  const tier = /\/test\/([a-z]+)\//.exec(name)?.[1] ?? "other";
  seconds.set(tier, (seconds.get(tier) ?? 0) + (endTime - startTime) / 1000);
}
for (const [tier, sum] of seconds) console.log(`${tier}: ${Math.round(sum)} s of test files`);

const total = (count: (report: Report) => number) => reports.reduce((sum, each) => sum + count(each), 0);
const skipped = total(({ numPendingTests }) => numPendingTests);
const counts = [
  `${total(({ numPassedTests }) => numPassedTests)} passed`,
  `${total(({ numFailedTests }) => numFailedTests)} failed`,
  ...(skipped > 0 ? [`${skipped} skipped`] : []),
];
console.log(counts.join(", "));
