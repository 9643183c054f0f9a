import { Session } from "node:inspector";
import { watchNatives } from "./natives.ts";

/*
 * Counts the steps of the product's code without a line in it: V8's precise coverage says how often each block ran,
 * exactly and the same each time. What happens inside the engine has no blocks: characters that strings, arrays and
 * decoders handle, and positions that regular expressions try, are counted by `natives`.
 */

/** Code whose blocks count. */
const COUNTED = /\/(?:src|node_modules\/yaml)\//;

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

export interface Counted {
  readonly steps: number;
  /** `src/core/a.ts#name` of every named function that ran. */
  readonly reached: ReadonlySet<string>;
}

export class StepCounter {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#post("Profiler.enable");
    this.#post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /**
   * Taking the counts resets them, so whatever ran since the last call is counted with `run`.
   *
   * @param run synchronous; what it throws is thrown
   */
  count(run: () => unknown): Counted {
    const inside = watchNatives(run);
    const reached = new Set<string>();
    let steps = inside;
    for (const script of this.#take().result) {
      if (!COUNTED.test(script.url)) continue;
      const file = script.url.slice(script.url.lastIndexOf("/src/") + 1);
      for (const { functionName, ranges } of script.functions) {
        if (functionName !== "" && (ranges[0]?.count ?? 0) > 0) reached.add(`${file}#${functionName}`);
        for (const { count } of ranges) steps += count;
      }
    }
    return { steps, reached };
  }

  close(): void {
    this.#post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }

  #take(): Coverage {
    return this.#post("Profiler.takePreciseCoverage") as Coverage;
  }

  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    // Of the own thread the answer comes before `post` returns.
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}
