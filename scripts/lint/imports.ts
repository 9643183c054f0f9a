import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** `from "…"`, `import "…"` and `import("…")`; type imports are imports too. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g;

/** The imports of each TypeScript file below these folders, as paths relative to the root, without packages. */
export function importsBelow(
  root: string,
  folders: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const imports = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      const file = join(folder, name);
      const text = readFileSync(join(root, file), "utf8");
      imports.set(
        file,
        specifiersOf(text).map((written) => join(dirname(file), written)),
      );
    }
  }
  return imports;
}

function specifiersOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, "");
  return [...code.matchAll(SPECIFIER)].flatMap(([, written = ""]) =>
    written.startsWith(".") ? [written] : [],
  );
}

/** Groups of files that import each other in a circle (Tarjan's strongly connected components). */
export function cyclesIn(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0));
      } else if (stack.includes(next)) {
        low.set(file, Math.min(low.get(file) ?? 0, index.get(next) ?? 0));
      }
    }
    if (low.get(file) !== index.get(file)) return;
    const cycle = stack.splice(stack.indexOf(file));
    if (cycle.length > 1) cycles.push(cycle);
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return cycles;
}
