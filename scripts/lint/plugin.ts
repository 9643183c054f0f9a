import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brokenPackageWall, brokenWall } from "./walls.ts";

/* The project's own lint rules, loaded by oxlint (`jsPlugins` in .oxlintrc.json). */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** What these rules use of an ESTree node. */
interface Node {
  readonly source?: { readonly value: unknown } | null;
}

interface RuleContext {
  readonly filename: string;
  report(problem: { readonly node: object; readonly message: string }): void;
}

/** Refuses imports that the layout does not allow; `walls.ts` is the table. */
const walls = {
  create(context: RuleContext) {
    const from = relative(ROOT, context.filename);
    const check = ({ source }: Node) => {
      if (typeof source?.value !== "string") return;
      const rule = source.value.startsWith(".")
        ? brokenWall(from, join(dirname(from), source.value))
        : brokenPackageWall(from, source.value);
      if (rule !== null) context.report({ node: source, message: `${source.value}: ${rule}.` });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

const plugin = { meta: { name: "gate" }, rules: { walls } };

// oxlint loads a plugin by its default export.
export default plugin;
