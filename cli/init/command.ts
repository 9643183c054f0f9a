import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CommandFailure, type CommandIo, errorCode, type ExitCode } from "../io.ts";
import { ownCommand, shellPath } from "../own-command.ts";
import { packageRoot } from "../package-root.ts";
import { parseFlags } from "../usage.ts";
import { starterRegistry, type StarterRegistry } from "./starter-registry.ts";

interface StarterFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
  /** Generated, not edited by the operator: an older copy is replaced. */
  readonly isGenerated?: true;
}

const PUBLIC_FILE = 0o644;
const PRIVATE_FILE = 0o600;
const SECRET_BYTES = 32;

export const USAGE = `Usage: zehrava-gate init [folder] [options]

Writes the policies, gate.yaml, their schemas, .dev.vars with fresh secrets, and .gitignore. A file that exists is kept.

Options
  --with A,B           ready-made destinations to put into gate.yaml, for example stripe,zendesk
  --json               what was written and kept, for programs
  --help

Exit codes: 0 done, 1 a file can't be written, or --with meets a gate.yaml that exists, 2 wrong usage.`;

/** Writes the starter files of a deployment. Existing files stay as they are, except Gate's own schemas. */
export async function runInit(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  const { positionals, values } = parseFlags(
    args,
    { with: { type: "string" }, json: { type: "boolean", default: false } },
    { max: 1 },
  );
  const folder = resolve(process.cwd(), positionals[0] ?? ".");
  const wanted = values.with === undefined ? [] : values.with.split(",").map((name) => name.trim());
  const registry = starterRegistry(readFileSync(join(packageRoot(), "gate.yaml"), "utf8"), wanted);
  // Checked before anything is written: the entries belong into the file, not beside it.
  if (wanted.length > 0 && existsSync(join(folder, "gate.yaml"))) {
    throw new CommandFailure(
      `${shellPath(join(folder, "gate.yaml"))} exists, and --with changes no file: copy the entries from ${shellPath(join(packageRoot(), "gate.yaml"))}`,
    );
  }
  const files = starterFiles(registry.text).map((file) => ({
    path: file.path,
    written: isWritten(folder, file),
  }));
  if (values.json) {
    const { variables, placeholders } = registry;
    io.out(JSON.stringify({ folder, files, variables, placeholders }, null, 2));
    return 0;
  }
  for (const { path, written } of files) {
    io.out(`${written ? "wrote" : "kept "}  ${relative(process.cwd(), join(folder, path))}`);
  }
  if (wanted.length > 0) io.out(readyMadeText(registry));
  const enter = folder === process.cwd() ? "" : `cd ${shellPath(folder)} && `;
  io.out(`\nNext: ${enter}${ownCommand(folder)} --port 4000`);
  io.out(".dev.vars holds the secrets for wrangler dev; never commit it.");
  return 0;
}

/** What the operator still has to fill in. */
function readyMadeText({ variables, placeholders }: StarterRegistry): string {
  return [
    "",
    `gate.yaml takes the credentials from the environment: set ${variables.join(", ")} before the start.`,
    ...(placeholders.length === 0 ? [] : ["Write your own in gate.yaml in place of:"]),
    ...placeholders.map(({ line, text }) => `  line ${line}: ${text}`),
  ].join("\n");
}

function starterFiles(registry: string): readonly StarterFile[] {
  const root = packageRoot();
  return [
    ...yamlFilesUnder(join(root, "policies")).map((path) => ({
      path: join("policies", path),
      text: readFileSync(join(root, "policies", path), "utf8"),
      mode: PUBLIC_FILE,
    })),
    { path: "gate.yaml", text: registry, mode: PUBLIC_FILE },
    // Beside the policies: their first lines name the schemas by this relative path, wherever the package is installed.
    ...readdirSync(join(root, "schemas"))
      .filter(isForEditors)
      .map((name) => ({
        path: join("schemas", name),
        text: readFileSync(join(root, "schemas", name), "utf8"),
        mode: PUBLIC_FILE,
        isGenerated: true as const,
      })),
    { path: ".dev.vars", text: secretsFile(), mode: PRIVATE_FILE },
    { path: ".gitignore", text: ".dev.vars\n.gate/\n.gate.checkpoint.json\n.wrangler/\n", mode: PUBLIC_FILE },
  ];
}

/** The document of the API is in the same folder, and no file of a deployment names it. */
function isForEditors(name: string): boolean {
  return name.endsWith(".schema.json");
}

function yamlFilesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".yaml"))
    .toSorted();
}

function secretsFile(): string {
  return [
    `GATE_SECRET=${randomBytes(SECRET_BYTES).toString("base64")}`,
    `GATE_ADMIN_KEY=gate_ak_${randomBytes(SECRET_BYTES).toString("base64url")}`,
    "",
  ].join("\n");
}

function isWritten(folder: string, file: StarterFile): boolean {
  return writeNew(folder, file) || (file.isGenerated === true && renew(join(folder, file.path), file.text));
}

const SCHEMA_OF_GATE = /^ {2}"\$id": "urn:zehrava-gate:/m;

/** Replaces an older version's schema after an upgrade: editors would mark new fields as errors. */
function renew(path: string, text: string): boolean {
  try {
    const present = readFileSync(path, "utf8");
    if (present === text || !SCHEMA_OF_GATE.test(present)) return false;
    writeFileSync(path, text);
    return true;
  } catch (error) {
    throw new CommandFailure(`can't write ${path} (${errorCode(error) ?? "?"})`);
  }
}

/** False: the path exists; `wx` makes the check and the creation atomic (TOCTOU). */
function writeNew(folder: string, file: StarterFile): boolean {
  const path = join(folder, file.path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text, { flag: "wx", mode: file.mode });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw new CommandFailure(`can't write ${path} (${errorCode(error) ?? "?"})`);
  }
}
