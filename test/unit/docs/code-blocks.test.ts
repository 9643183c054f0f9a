import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { Ajv } from "ajv";
import { transformSync } from "esbuild";
import { parse as parseToml } from "smol-toml";
import { expect, test } from "vitest";
import { parse as parseYaml, stringify } from "yaml";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { ok } from "../../../src/core/base/result.ts";
import { createApp } from "../../../src/http/app.ts";
import { codeBlocksOf, commandsOf, DOCUMENTS_WITH_CODE, type CodeBlock } from "../../support/code-blocks.ts";

const BLOCKS = DOCUMENTS_WITH_CODE.flatMap(codeBlocksOf);

interface Schema {
  readonly properties: Readonly<Record<string, unknown>>;
}
const schema = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), "utf8"),
  ) as Schema;

const GATE = schema("gate");
const POLICY = schema("policy");
const CASES = schema("policy-cases");
const ajv = new Ajv({ strict: false, allErrors: true });
const validators = new Map([GATE, POLICY, CASES].map((each) => [each, ajv.compile(each)] as const));

/** What a fragment lacks to be a whole policy. */
const POLICY_HEAD = { id: "a-policy", destinations: ["a.b"] };

/** What a fragment may name and leave out, because its document is about something else. */
const NAMED_ELSEWHERE = /^no (credential of this name|group or person `)/;

const messagesOf = (result: { readonly ok: boolean; readonly error?: readonly { message: string }[] }) =>
  (result.error ?? []).map(({ message }) => message).filter((message) => !NAMED_ELSEWHERE.test(message));

interface Fragment {
  readonly of: Schema;
  readonly whole: unknown;
}

/** The document that a fragment belongs into, and its schema; null: it is of another program. */
function wholeOf(fragment: Readonly<Record<string, unknown>>): Fragment | null {
  const isPartOf = (of: Schema) => Object.keys(fragment).every((key) => key in of.properties);
  if (isPartOf(CASES)) return { of: CASES, whole: fragment };
  if (isPartOf(GATE)) return { of: GATE, whole: fragment };
  if (isPartOf(POLICY)) return { of: POLICY, whole: { ...POLICY_HEAD, ...fragment } };
  // Indented in its document: members of `destinations`.
  const isDestinations = Object.keys(fragment).every((key) => /^[\w-]+\.[\w*-]+$/.test(key));
  return isDestinations ? { of: GATE, whole: { destinations: fragment } } : null;
}

function load({ of, whole }: Fragment) {
  const text = stringify(whole);
  if (of === GATE) return parseRegistry("gate.yaml", text);
  return of === POLICY ? parsePolicy(`${(whole as { id: string }).id}.yaml`, text) : ok(whole);
}

function checkYaml({ text, marks }: CodeBlock): void {
  const parsed = parseYaml(text) as Readonly<Record<string, unknown>> | null;
  if (parsed === null || marks.includes("elsewhere")) return;
  const found = wholeOf(parsed);
  expect(found, "the keys belong neither to a policy, nor to its cases, nor to gate.yaml").not.toBeNull();
  if (found === null) return;
  const validate = validators.get(found.of);
  expect(validate?.(found.whole) === true ? [] : validate?.errors).toEqual([]);
  // The loader also compares one key with another.
  expect(messagesOf(load(found))).toEqual([]);
}

const ROUTES = createApp()
  .routes.filter(({ method }) => method !== "ALL")
  .map(({ method, path }) => ({ method, segments: path.split("/") }));

/** Is there such a route? `:id`, `<id>` and what a route leaves open match anything. */
function isRoute(method: string, path: string): boolean {
  const segments = path.replace(/[?#].*$/, "").split("/");
  const isOpen = (segment: string | undefined) => segment === undefined || /^[:<*]/.test(segment);
  return ROUTES.some(
    (route) =>
      route.method === method &&
      route.segments.length === segments.length &&
      route.segments.every((segment, n) => isOpen(segment) || isOpen(segments[n]) || segment === segments[n]),
  );
}

/** Each `{…}` of a text that stands where a body can: at a line's start, or after a request line. */
function objectsIn(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at + 1)) {
    let depth = 0;
    let end = at;
    do {
      if (text[end] === "{") depth++;
      if (text[end] === "}") depth--;
      end++;
    } while (depth > 0 && end < text.length);
    found.push(text.slice(at, end));
    at = end;
  }
  return found;
}

function checkHttp({ text }: CodeBlock): void {
  const requests = [...text.matchAll(/^(GET|POST|PUT|DELETE) +(\/\S*)/gm)];
  const unknown = requests
    .filter(([, method = "", path = ""]) => !isRoute(method, path))
    .map(([line]) => line);
  expect(unknown).toEqual([]);
  for (const body of objectsIn(text)) expect(() => JSON.parse(body) as unknown, body).not.toThrow();
}

function parseShell(script: string): void {
  execFileSync("bash", ["-n"], { input: script, stdio: ["pipe", "ignore", "pipe"] });
}

function parsePython(program: CodeBlock): void {
  const parse = "import ast, sys; ast.parse(sys.stdin.read())";
  execFileSync("python3", ["-c", parse], { input: program.text, stdio: ["pipe", "ignore", "pipe"] });
}

/** The commands of a session with its outputs, as one script. */
const typedIn = (session: string) =>
  session
    .split("\n")
    .filter((line) => /^[$>] /.test(line) || /^ {2,}/.test(line))
    .map((line) => line.replace(/^[$>] /, ""))
    .join("\n");

/** A block's language is how it is checked here. Those that can run also do, in `test/blackbox/docs.test.ts`; Python's in the SDK's own tests. */
const CHECKS: Readonly<Record<string, (block: CodeBlock) => void>> = {
  yaml: checkYaml,
  json: ({ text }) => void JSON.parse(text),
  toml: ({ text }) => void parseToml(text),
  ts: ({ text }) => void transformSync(text, { loader: "ts", format: "esm" }),
  js: ({ text }) => void transformSync(text, { loader: "js", format: "esm" }),
  python: parsePython,
  // Run by test/blackbox/integrate.test.ts, where the languages are installed.
  go: () => undefined,
  java: () => undefined,
  http: checkHttp,
  sh: ({ text }) => parseShell(text),
  console: ({ text }) => parseShell(typedIn(text)),
  text: () => undefined,
};

/** Why a block runs nowhere here: an account, minutes, something of the reader's own, a file of another program. */
const MARKS = ["ci", "cloud", "long", "yours", "elsewhere"];

const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const CI = readFileSync(new URL("../../../.ci/run", import.meta.url), "utf8");

/** CI's own steps are these commands, or the package has the script that they name. */
function isKnownToCi(command: string): boolean {
  const script = /^npm run ([\w:]+)$/.exec(command)?.[1] ?? /^npm (start|test)$/.exec(command)?.[1];
  return script === undefined ? command.startsWith("npx vitest ") || CI.includes(command) : script in scripts;
}

test.each(BLOCKS)("$where: a reader can use it as it stands ($language)", (block) => {
  expect(Object.keys(CHECKS), "its language").toContain(block.language);
  expect(MARKS, "its marks").toEqual(expect.arrayContaining([...block.marks]));
  if (block.marks.includes("ci")) {
    const commands = commandsOf(block.text).flatMap((line) => line.split(" && "));
    expect(commands.filter((command) => !isKnownToCi(command))).toEqual([]);
  }
  CHECKS[block.language]?.(block);
});
