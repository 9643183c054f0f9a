import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";

/** A title in its source form: table placeholders stay, and template expressions become `…`. */
export interface TestTitle {
  readonly file: string;
  readonly kind: "describe" | "test";
  /** Titles of the surrounding describe blocks, outermost first. */
  readonly within: readonly string[];
  readonly title: string;
}

interface Node {
  readonly type: string;
  readonly [member: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** Every test and describe block below a folder, in the order of files and lines. */
export function titlesBelow(root: string, folder: string): readonly TestTitle[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .toSorted()
    .flatMap((name) => {
      const file = join(folder, name);
      return titlesOf(readFileSync(join(root, file), "utf8"), file);
    });
}

export function titlesOf(source: string, file: string): readonly TestTitle[] {
  const titles: TestTitle[] = [];
  const visit = (value: unknown, within: readonly string[]): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, within);
      return;
    }
    if (!isNode(value)) return;
    const kind = value.type === "CallExpression" ? kindOf(value) : null;
    const title = kind === null ? null : textOf((value["arguments"] as readonly unknown[])[0]);
    if (kind !== null && title !== null) titles.push({ file, kind, within, title });
    const inner = kind === "describe" && title !== null ? [...within, title] : within;
    for (const member of Object.values(value)) visit(member, inner);
  };
  visit(parseAst(source, { lang: "ts" }), []);
  return titles;
}

/** `test(…)`, `test.skip(…)`, `test.each(rows)(…)`; not the inner call `test.each(rows)`, which has no title. */
function kindOf(call: Node): TestTitle["kind"] | null {
  let callee = call["callee"];
  if (isNode(callee) && callee.type === "MemberExpression" && isCurried(callee)) return null;
  while (isNode(callee) && callee.type !== "Identifier") callee = callee["callee"] ?? callee["object"];
  const name = isNode(callee) ? callee["name"] : null;
  return name === "describe" || name === "test" ? name : null;
}

function isCurried({ property }: Node): boolean {
  return isNode(property) && ["each", "for", "skipIf", "runIf"].includes(String(property["name"]));
}

function textOf(argument: unknown): string | null {
  if (!isNode(argument)) return null;
  if (argument.type === "Literal" && typeof argument["value"] === "string") return argument["value"];
  if (argument.type !== "TemplateLiteral") return null;
  const quasis = argument["quasis"] as readonly { readonly value: { readonly cooked?: string | null } }[];
  return quasis.map(({ value }) => value.cooked ?? "").join("…");
}
