import { beforeAll, describe, expect, test } from "vitest";
import type { Principal } from "../../support/client.ts";
import { call, proposal, propose, register } from "../../support/worker/gate.ts";

/* A payload laid out by its type: whatever an attacker writes into it, and whatever readers could differ on. */

let agent: Principal;
let ben: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ben = await register("reviewer", { person: "ben" });
});

async function pageOf(payload: string, name: string): Promise<string> {
  const request = proposal("crm.held", { payload, payload_name: name });
  const id = await propose(agent, request, "pending_approval");
  const { text, status } = await call("GET", `/cases/${id}`, ben.key);
  expect(status).toBe(200);
  return text;
}

/** The section of the payload. */
async function section(payload: string, name: string): Promise<string> {
  const page = await pageOf(payload, name);
  return /<h2>What would be written<\/h2>[\s\S]*?<\/section>/.exec(page)?.[0] ?? "";
}

/** Text without markup, as a reader sees it. */
const seen = (markup: string) =>
  markup
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ");

const EVIL = `</td></table><script>alert(1)</script><img src=x onerror=alert(1)>`;

/** Tags that the layouts make. */
const STRANGE =
  /<(?!\/?(?:section|h2|p|div|pre|table|thead|tbody|tfoot|tr|th|td|details|summary|mark|span|a|bdi|strong)[\s>])/;

describe("INV-28: text of an attacker in a layout", () => {
  test.each([
    ["CSV cells and headers", `id,${EVIL},c\n1,${EVIL},x\n2,y,=cmd|' /C calc'!A0\n`, "leads.csv"],
    ["JSON names and texts", JSON.stringify({ [EVIL]: [EVIL, { a: EVIL }] }), "x.json"],
    ["form names and values", new URLSearchParams({ [EVIL]: EVIL, a: "1" }).toString(), "x.form"],
    ["plain text", `${EVIL}\n{{${EVIL}}}`, "x.txt"],
  ])("is shown as text: %s", async (_, payload, name) => {
    const shown = await section(payload, name);
    expect(shown).not.toMatch(STRANGE);
    expect(shown).not.toMatch(/<script|<img|style=/i);
    expect(seen(shown)).toContain("<script>alert(1)</script>");
  });

  test.each([
    ["CSV", "name,amount\nbill\u202efdp.exe,pay\u200bpal\nb,c\n", "leads.csv"],
    ["JSON", '{"a":"bill\\u202efdp.exe","b":"pay\u200bpal"}', "x.json"],
    ["a form", "a=bill%E2%80%AEfdp.exe&b=pay%E2%80%8Bpal", "x.form"],
  ])("in %s hides and reorders nothing", async (_, payload, name) => {
    const shown = seen(await section(payload, name));
    expect(shown).toContain("bill[U+202E]fdp.exe");
    expect(shown).toContain("pay[U+200B]pal");
    expect(shown).not.toMatch(/[\u202e\u200b]/);
  });

  test("takes no more than its share of the page, whatever is huge in it", async () => {
    const payloads: readonly (readonly [string, string])[] = [
      [`a,b\n${"x".repeat(200_000)},2\n3,4\n`, "cell.csv"],
      [`${Array.from({ length: 5_000 }, (_, n) => `c${n}`).join(",")}\n`.repeat(3), "columns.csv"],
      [`a,b\n${"1,2\n".repeat(50_000)}`, "rows.csv"],
      [JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ [`k${n}`]: '"&<\u200b' }))), "x.json"],
      [`${"[".repeat(60)}1${"]".repeat(60)}`, "deep.json"],
      [Array.from({ length: 9_000 }, (_, n) => `f${n}=v`).join("&"), "x.form"],
      ["x".repeat(300_000), "word.txt"],
    ];
    for (const [payload, name] of payloads) {
      expect((await section(payload, name)).length, name).toBeLessThan(40_000);
    }
  });
});

describe("INV-00: a layout shows nothing that a reader of the bytes would not see", () => {
  test.each([
    ["two members of one name", '{"amount":1,"amount":900}', "x.json", '{"amount":1,"amount":900}'],
    [
      "a CSV with two readings",
      `a;b;c;d;e\n1;2;3;4;"x,y\n${"n,a@x\n".repeat(50)}"`,
      "leads.csv",
      '1;2;3;4;"x,y',
    ],
    ["rows of several widths", "a,b,c\n1,2,3\n4,5\n6,7,8\n9,10,11\n", "x.csv", "4,5"],
    [
      "a form whose semicolons may separate",
      "charge=ch;amount=9000&amount=1",
      "x.form",
      "charge=ch;amount=9000&amount=1",
    ],
  ])("%s: as sent, and why", async (_, payload, name, part) => {
    const shown = await section(payload, name);
    expect(shown).toMatch(/<pre/);
    expect(seen(shown)).toContain("Shown as sent: ");
    expect(seen(shown)).toContain(part);
  });

  test("an escaped word in JSON is decoded, and its bytes are one link away", async () => {
    const payload = String.raw`{"text":"\u0072efund"}`;
    const page = await pageOf(payload, "x.json");
    expect(seen(page)).toContain('"text": "refund"');
    const [, path = ""] = /href="(\/cases\/int_[\w-]+\/payload)"/.exec(page) ?? [];
    expect(seen((await call("GET", path, ben.key)).text)).toContain(payload);
  });
});

describe("the payload as it is sent", () => {
  test("goes over pages that lose no character, and cut none", async () => {
    const payload = `${"\u{1F600}a".repeat(30_000)}the end`;
    const id = await propose(
      agent,
      proposal("crm.held", { payload, payload_name: "long.txt" }),
      "pending_approval",
    );
    let path = `/cases/${id}/payload`;
    let text = "";
    for (let pages = 0; pages < 5 && path !== ""; pages += 1) {
      const { text: page } = await call("GET", path, ben.key);
      text += /<pre[^>]*>\n([\s\S]*?)<\/pre>/.exec(page)?.[1] ?? "";
      path = /href="([^"]*from=\d+)">Next/.exec(page)?.[1] ?? "";
    }
    expect(text).toBe(payload);
  });

  test.each(["from=-1", "from=x", "from=999999999", "from=1e3"])("refuses %s", async (query) => {
    const id = await propose(
      agent,
      proposal("crm.held", { payload: "short", payload_name: "a.txt" }),
      "pending_approval",
    );
    expect((await call("GET", `/cases/${id}/payload?${query}`, ben.key)).status).toBe(400);
  });

  test("is for those who may read it", async () => {
    const id = await propose(agent, proposal("crm.by-ana", { payload: "only for ana" }), "pending_approval");
    const { status, text } = await call("GET", `/cases/${id}/payload`, ben.key);
    expect(status).toBe(403);
    expect(text).not.toContain("only for ana");
  });
});

test("who reads a comment or a reason stands beside its field (faults E)", async () => {
  const page = seen(await pageOf("anything", "a.txt"));
  expect(page).toMatch(
    /Comment may stay empty \(the agent and everybody who may see the case will read it\)/,
  );
  expect(page).toMatch(/Reason \(the agent and everybody who may see the case will read it\)/);
});
