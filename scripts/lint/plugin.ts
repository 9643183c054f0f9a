import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { BANNED_WORDS, bannedWordIn } from "./banned-names.ts";
import { brokenPackageWall, brokenWall, roomOf } from "./walls.ts";

/* The project's own lint rules, loaded by oxlint (`jsPlugins` in .oxlintrc.json). */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The part of an ESTree node that these rules read. */
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly source?: { readonly value: unknown } | null;
  readonly id?: Node | null;
  readonly key?: Node;
  readonly value?: Node | null;
  readonly computed?: boolean;
  readonly left?: Node;
  readonly argument?: Node;
  readonly parameter?: Node;
  readonly params?: readonly Node[];
  readonly properties?: readonly Node[];
  readonly elements?: readonly (Node | null)[];
}

interface RuleContext {
  readonly filename: string;
  report(problem: { readonly node: object; readonly message: string }): void;
}

/** Refuses imports that the layout forbids; `walls.ts` is the table. */
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
    const checkDynamic = (node: Node) => {
      if (typeof node.source?.value === "string") return check(node);
      // A computed specifier would pass every wall unread.
      if (roomOf(from) === null) return;
      context.report({
        node,
        message: "import() takes a string literal, so that the layout can be checked.",
      });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: checkDynamic,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      // The type `import("…").Name`.
      TSImportType: check,
    };
  },
};

/** Refuses words in declared names that the glossary replaces. Names of the wire and of stored data are no declarations. */
const bannedNames = {
  create(context: RuleContext) {
    const check = (node: Node | null | undefined): void => {
      for (const name of namesIn(node)) {
        const word = bannedWordIn(name.name ?? "");
        if (word === null) continue;
        const message = `${name.name}: the word "${word}" is not used in names; say ${BANNED_WORDS[word]}.`;
        context.report({ node: name, message });
      }
    };
    const checkId = ({ id }: Node) => check(id);
    const checkKey = ({ key, computed }: Node) => {
      if (computed !== true) check(key);
    };
    const checkFunction = ({ id, params = [] }: Node) => {
      check(id);
      for (const parameter of params) check(parameter);
    };
    return {
      VariableDeclarator: checkId,
      ClassDeclaration: checkId,
      TSInterfaceDeclaration: checkId,
      TSTypeAliasDeclaration: checkId,
      FunctionDeclaration: checkFunction,
      FunctionExpression: checkFunction,
      ArrowFunctionExpression: checkFunction,
      MethodDefinition: checkKey,
      PropertyDefinition: checkKey,
      TSPropertySignature: checkKey,
      TSMethodSignature: checkKey,
    };
  },
};

/** The identifiers that a binding declares. A shorthand `{ ask }` takes another's name and is left to its declaration. */
function namesIn(node: Node | null | undefined): readonly Node[] {
  switch (node?.type) {
    case "Identifier":
    case "PrivateIdentifier":
      return [node];
    case "AssignmentPattern":
      return namesIn(node.left);
    case "RestElement":
      return namesIn(node.argument);
    case "TSParameterProperty":
      return namesIn(node.parameter);
    case "ArrayPattern":
      return (node.elements ?? []).flatMap((element) => namesIn(element));
    case "ObjectPattern":
      return (node.properties ?? []).flatMap((property) =>
        property.type === "Property" ? renamedIn(property) : namesIn(property),
      );
    default:
      return [];
  }
}

function renamedIn({ key, value }: Node): readonly Node[] {
  const names = namesIn(value);
  return names.filter(({ name }) => name !== key?.name);
}

const plugin = { meta: { name: "gate" }, rules: { walls, "banned-names": bannedNames } };

// oxlint loads a plugin by its default export.
export default plugin;
