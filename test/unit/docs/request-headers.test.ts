import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DOCUMENTED_HEADERS } from "../../../src/core/outbound/request-header-table.ts";

const DOCS = readFileSync(new URL("../../../docs/reverse-proxy.md", import.meta.url), "utf8");
const SECTION = DOCS.slice(DOCS.indexOf("## Request headers"), DOCS.indexOf("## Refused requests"));

test.for(Object.entries(DOCUMENTED_HEADERS))(
  "every request header that is %s in the table stands in docs/reverse-proxy.md",
  ([, names]) => {
    const missing = [...names].filter((name) => {
      return !SECTION.includes(`\`${name}\``) && !SECTION.includes(`\`${name}…\``);
    });
    expect(missing).toEqual([]);
  },
);
