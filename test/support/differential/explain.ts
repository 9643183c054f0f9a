import type { BodyCase } from "./body-case.ts";
import { type Disagreement, disagreements } from "./compare.ts";
import type { ReaderProcess, Readings } from "./reader-process.ts";
import { shrinkBody } from "./shrink.ts";
import { vectorOf } from "./vectors.ts";

export interface Failure {
  readonly given: BodyCase;
  readonly disagreement: Disagreement;
}

/** A failure as a person can work with it: the smallest body, and the entry that makes it a vector. */
export async function explain(failure: Failure, process: ReaderProcess): Promise<string> {
  const { given, disagreement } = await shrink(failure, process);
  const { fact, reader, gate, saw } = disagreement;
  const readings: Readings = { [reader]: (await process.read(given))[reader] ?? {} };
  return (
    `${reader} sees more ${fact} than Gate, which was certain: ${saw}, Gate ${gate}\n` +
    JSON.stringify(vectorOf("name it: subject, condition", given, readings))
  );
}

async function shrink({ given, disagreement }: Failure, process: ReaderProcess): Promise<Failure> {
  let smallest: Failure = { given, disagreement };
  await shrinkBody(given.body, async (body) => {
    const candidate = { ...given, body };
    const same = disagreements(candidate, await process.read(candidate)).find(
      ({ fact, reader }) => fact === disagreement.fact && reader === disagreement.reader,
    );
    if (same !== undefined) smallest = { given: candidate, disagreement: same };
    return same !== undefined;
  });
  return smallest;
}
