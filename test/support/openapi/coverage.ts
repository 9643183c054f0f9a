import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { documentedPairs } from "./conformance.ts";

/** The projects whose responses are compared with the document. */
const PROJECTS = ["worker", "blackbox"] as const;

/** Produced by tests that speak to an app of their own: `worker/intents/large-payloads`, `worker/proxy/slow-bodies`. */
const ELSEWHERE: ReadonlySet<string> = new Set(["anywhere large_bodies_busy"]);

const FOLDER = join(tmpdir(), `gate-openapi-${process.pid}`);

/**
 * Global set-up of those projects. After the last test: every documented status of every operation was produced at least
 * once, where all of their files ran.
 */
export function setup(project: TestProject): () => void {
  mkdirSync(FOLDER, { recursive: true });
  project.provide("openApiFolder", FOLDER);
  const isWhole = project.globalConfig.testNamePattern === undefined;
  // Every project's teardown runs after all tests; the first one looks.
  return () => {
    if (!existsSync(FOLDER)) return;
    const missing = isWhole ? missingPairs() : null;
    rmSync(FOLDER, { recursive: true });
    if (missing !== null && missing.length > 0) {
      throw new Error(`documented in schemas/openapi.json, and produced by no test:\n${missing.join("\n")}`);
    }
  };
}

/** Null: only some of the files ran. */
function missingPairs(): readonly string[] | null {
  const ran = new Set(linesOf("files-"));
  if (testFiles().some((file) => !ran.has(file))) return null;
  const shown = new Set(linesOf("shown-"));
  return documentedPairs().filter((pair) => !shown.has(pair) && !ELSEWHERE.has(pair));
}

function linesOf(prefix: string): readonly string[] {
  const files = readdirSync(FOLDER).filter((name) => name.startsWith(prefix));
  return files.flatMap((name) =>
    readFileSync(join(FOLDER, name), "utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
}

function testFiles(): readonly string[] {
  return PROJECTS.flatMap((name) => {
    const folder = new URL(`../../${name}/`, import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return files.filter((file) => file.endsWith(".test.ts")).map((file) => `${name}/${file}`);
  });
}
