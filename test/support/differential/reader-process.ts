import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { BodyCase, Reading } from "./body-case.ts";
import { vectorOf } from "./vectors.ts";

export interface ReaderProgram {
  readonly language: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Debian's package. */
  readonly packages: string;
}

const script = (file: string) => fileURLToPath(new URL(`../readers/${file}`, import.meta.url));

export const PROGRAMS: readonly ReaderProgram[] = [
  {
    language: "javascript",
    command: process.execPath,
    args: [script("javascript.mjs")],
    packages: "none: npm's development dependencies",
  },
  { language: "python", command: "python3", args: [script("python.py")], packages: "python3" },
  { language: "php", command: "php", args: ["-n", script("php.php")], packages: "php-cli" },
  { language: "ruby", command: "ruby", args: ["-W0", script("ruby.rb")], packages: "ruby ruby-rack" },
];

export function isInstalled({ command }: ReaderProgram): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

export type Readings = Readonly<Record<string, Reading>>;

interface Answer {
  readonly id: number;
  readonly readings: Readings;
}

/** Bodies take a millisecond; two cores under load a thousand times that. */
const MAX_SILENT_SECONDS = 30;

interface Waiting extends PromiseWithResolvers<Readings> {
  readonly given: BodyCase;
}

/** A language's readers in one process, which lives as long as the test. */
export class ReaderProcess {
  readonly language: string;
  /** What the process starts without, such as Rack; a failure in CI. */
  readonly missing: readonly string[];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #maxSilentSeconds: number;
  /** In the order sent, which is the order of the answers. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #clock: NodeJS.Timeout;
  #silentSeconds = 0;
  #next = 1;

  static async start(program: ReaderProgram, maxSilentSeconds = MAX_SILENT_SECONDS): Promise<ReaderProcess> {
    const child = spawn(program.command, program.args, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) throw new Error(`the readers in ${program.language} do not start`);
    const { missing } = JSON.parse(first.value) as { readonly missing: readonly string[] };
    return new ReaderProcess(program.language, missing, child, lines, maxSilentSeconds);
  }

  private constructor(
    language: string,
    missing: readonly string[],
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
    maxSilentSeconds: number,
  ) {
    this.language = language;
    this.missing = missing;
    this.#child = child;
    this.#maxSilentSeconds = maxSilentSeconds;
    // Ticks, so that the seconds in which this process reads no answers don't count.
    this.#clock = setInterval(() => this.#tick(), 1_000);
    child.stdin.on("error", () => this.#fail());
    // What is no JSON ends the waiting as well.
    this.#receive(lines).finally(() => this.#fail());
  }

  read(given: BodyCase): Promise<Readings> {
    const id = this.#next++;
    const { family, mediaType, unit, records, body } = given;
    const meta = { id, family, type: mediaType, unit, records, size: body.length };
    const waiting = { ...Promise.withResolvers<Readings>(), given };
    this.#waiting.set(id, waiting);
    this.#child.stdin.write(Buffer.concat([Buffer.from(`${JSON.stringify(meta)}\n`), body]));
    return waiting.promise;
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child.once("exit", () => resolve());
    this.#child.stdin.end();
    if (this.#child.exitCode !== null) resolve();
    await promise;
  }

  async #receive(lines: AsyncIterator<string>): Promise<void> {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const { id, readings } = JSON.parse(line.value) as Answer;
      this.#waiting.get(id)?.resolve(readings);
      this.#waiting.delete(id);
      this.#silentSeconds = 0;
    }
  }

  /** Ends readers that hang, and names the body: of many that wait, they are at the first. */
  #tick(): void {
    const [first] = this.#waiting.values();
    this.#silentSeconds = first === undefined ? 0 : this.#silentSeconds + 1;
    if (first === undefined || this.#silentSeconds < this.#maxSilentSeconds) return;
    const vector = JSON.stringify(vectorOf("name it: subject, condition", first.given, {}));
    this.#fail(`give no answer within ${this.#maxSilentSeconds} s to\n${vector}`);
    this.#child.kill("SIGKILL");
  }

  #fail(how = "ended"): void {
    clearInterval(this.#clock);
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(`the readers in ${this.language} ${how}`));
    }
    this.#waiting.clear();
  }
}
