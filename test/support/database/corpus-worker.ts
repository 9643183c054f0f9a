import { CORPUS, type Database } from "./corpus.ts";

/** Runs the corpus against `DB`, and answers with the outcomes as texts: JSON has no NaN and no -0. */
export const corpusWorker = {
  async fetch(_: Request, { DB }: { readonly DB: Database }): Promise<Response> {
    const outcomes: Record<string, string> = {};
    for (const [title, run] of CORPUS) outcomes[title] = await outcome(() => run(DB));
    return Response.json(outcomes);
  },
};

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    return written(await run());
  } catch (error) {
    const { name, message, cause } = error as Error;
    return `${name}: ${message} (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}

/** The metadata that both have; the rest (times, sizes, the id of the last row) is the simulator's alone. */
const META = new Set(["changes", "rows_written"]);

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, field]) => {
      const shown = name === "meta" ? Object.entries(field as object).filter(([key]) => META.has(key)) : null;
      return `${JSON.stringify(name)}: ${written(shown === null ? field : Object.fromEntries(shown))}`;
    });
    return `${Object.prototype.toString.call(value)}{${fields.join(", ")}}`;
  }
  if (typeof value === "string" && value.length > 200) return `${value.slice(0, 20)}… (${value.length})`;
  return Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value);
}
