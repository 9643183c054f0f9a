import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The documents of the root, llms.txt included, of `docs/`, of the examples and of the black-box suite. */
const DOCUMENTS = [
  ...readdirSync(ROOT),
  "test/blackbox/README.md",
  ...["docs", "examples"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  ),
]
  .filter((path) => /\.(?:md|txt)$/.test(path) && !path.includes("node_modules"))
  .toSorted();

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");

/** A heading's anchor, as code hosts make it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const anchorsOf = (path: string) =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => anchorOf(text));

test.each(DOCUMENTS)("%s: every link to a file or heading of the repository resolves", (path) => {
  const links = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const broken = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = "", anchor] = link.split("#");
    const target = file === "" ? path : relative(ROOT, join(ROOT, dirname(path), decodeURIComponent(file)));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
  expect(broken).toEqual([]);
});

/** Documents that lead through the source. */
const GUIDES = DOCUMENTS.filter((path) =>
  /^(AGENTS|CONTRIBUTING|test\/blackbox\/README|docs\/(architecture|glossary|storage-schema|adr\/.*))\.md$/.test(
    path,
  ),
);

/** Folders of the root that a path may begin with, and of `src/`, where it is left out. */
const TOP = "src|durable-objects|cli|sdk|verifier|migrations|scripts|policies|test|docs|bench|examples";
const WITHIN_SRC = "core|config|app|ports|adapters|http|entrypoints";
const PATH = new RegExp(`^(?:${TOP}|${WITHIN_SRC})/[\\w./-]+$`);

function isThere(path: string): boolean {
  return [path, `src/${path}`].some((from) => {
    if (existsSync(join(ROOT, `${from}.ts`))) return true;
    if (!existsSync(join(ROOT, from))) return false;
    return path.endsWith("/") ? statSync(join(ROOT, from)).isDirectory() : true;
  });
}

test.each(GUIDES)("%s: every path it names is a file or folder of the repository", (path) => {
  const named = [...read(path).matchAll(/`([^`\n]+)`/g)]
    .map(([, text = ""]) => text)
    .filter((text) => PATH.test(text));
  expect(named.filter((each) => !isThere(each))).toEqual([]);
});
