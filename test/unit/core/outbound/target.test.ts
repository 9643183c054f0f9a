import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPath } from "../../../../src/core/outbound/path.ts";
import { targetOf, type TargetProblem } from "../../../../src/core/outbound/target.ts";

const UPSTREAM = "https://api.example.com/base";

/** The path after the prefix, and the path that is sent. */
const CANONICAL: readonly (readonly [written: string, path: string])[] = [
  ["", "/"],
  ["/", "/"],
  ["/v1", "/v1"],
  ["/v1/", "/v1/"],
  ["/v1/contacts/42", "/v1/contacts/42"],
  ["/V1/Contacts", "/V1/Contacts"],
  ["/services/data/v61.0/sobjects/Account", "/services/data/v61.0/sobjects/Account"],
  ["/%76%31/contacts", "/v1/contacts"],
  ["/a%7eb/%7E", "/a~b/~"],
  ["/a%2db%5fc", "/a-b_c"],
  ["/file%2etxt", "/file.txt"],
  ["/...", "/..."],
  ["/.well-known/x", "/.well-known/x"],
  ["/a..b/..c/d..", "/a..b/..c/d.."],
  ["/a%20b", "/a%20b"],
  ["/caf%c3%a9", "/caf%C3%A9"],
  ["/%e2%82%ac/%E2%82%AC", "/%E2%82%AC/%E2%82%AC"],
  ["/%F0%9F%99%82", "/%F0%9F%99%82"],
  ["/100%25", "/100%25"],
  ["/100%25/x", "/100%25/x"],
  ["/%25zz", "/%25zz"],
  ["/a+b", "/a+b"],
  ["/a%2bb", "/a%2Bb"],
  ["/Accounts('ab')", "/Accounts('ab')"],
  ["/a:b@c", "/a:b@c"],
  ["/a%3ab%40c", "/a%3Ab%40c"],
  ["/x!$&'()*,=y", "/x!$&'()*,=y"],
  ["/a%3fb", "/a%3Fb"],
  ["/a%23b", "/a%23b"],
  ["/users/anna@example.com", "/users/anna@example.com"],
];

const REFUSED: readonly (readonly [written: string, problem: TargetProblem])[] = [
  // Dot segments, plain and escaped, in any mix and at any place.
  ["/..", "dot_segment"],
  ["/../admin", "dot_segment"],
  ["/a/../b", "dot_segment"],
  ["/a/./b", "dot_segment"],
  ["/a/.", "dot_segment"],
  ["/./", "dot_segment"],
  ["/%2e%2e/admin", "dot_segment"],
  ["/%2E%2E/admin", "dot_segment"],
  ["/%2e./admin", "dot_segment"],
  ["/.%2e/admin", "dot_segment"],
  ["/a/%2e/b", "dot_segment"],
  ["/a/..%20/b", "dot_segment"],
  ["/a/%20../b", "dot_segment"],
  ["/v1/contacts/../../admin", "dot_segment"],
  // Escaped twice and more.
  ["/%252e%252e/admin", "double_encoding"],
  ["/%25252e%25252e/admin", "double_encoding"],
  ["/%252fadmin", "double_encoding"],
  ["/%2561", "double_encoding"],
  ["/%25%32%65%25%32%65/", "double_encoding"],
  ["/a%2500", "double_encoding"],
  // Slashes that some see.
  ["/a%2fb", "hidden_slash"],
  ["/a%2Fb", "hidden_slash"],
  ["/..%2fadmin", "hidden_slash"],
  ["/%2f", "hidden_slash"],
  ["/a\\b", "hidden_slash"],
  ["/..\\admin", "hidden_slash"],
  ["/a%5cb", "hidden_slash"],
  ["/a%5Cb", "hidden_slash"],
  ["/..%5c..%5cadmin", "hidden_slash"],
  // Slashes too many.
  ["//", "empty_segment"],
  ["//v1", "empty_segment"],
  ["/v1//contacts", "empty_segment"],
  ["/v1/contacts//", "empty_segment"],
  ["/http://evil.example/", "empty_segment"],
  // Parameters of segments.
  ["/..;/admin", "parameters"],
  ["/a;/b", "parameters"],
  ["/a;jsessionid=1", "parameters"],
  ["/a%3bb", "parameters"],
  ["/;/admin", "parameters"],
  ["/.;a/", "parameters"],
  // Control characters.
  ["/a%00", "control_character"],
  ["/a%00.txt", "control_character"],
  ["/a%0d%0aHost:%20evil", "control_character"],
  ["/a%0a", "control_character"],
  ["/a%09b", "control_character"],
  ["/a%1f", "control_character"],
  ["/a%7f", "control_character"],
  ["/a%c2%85", "control_character"],
  // Not UTF-8: overlong dots and slashes, halves of pairs, cut off.
  ["/%c0%ae%c0%ae/admin", "encoding"],
  ["/%c0%af", "encoding"],
  ["/%e0%80%af", "encoding"],
  ["/%f0%80%80%af", "encoding"],
  ["/%ed%a0%80", "encoding"],
  ["/%ff", "encoding"],
  ["/caf%e9", "encoding"],
  ["/%c3", "encoding"],
  // Characters that normalise to dots and slashes (NFKC).
  ["/%ef%bc%8e%ef%bc%8e/admin", "lookalike"],
  ["/a%ef%bc%8fb", "lookalike"],
  ["/a%ef%bc%bcb", "lookalike"],
  ["/%e2%80%a5/admin", "lookalike"],
  ["/a%ef%bc%9bb", "lookalike"],
  ["/a%ef%bc%852e", "lookalike"],
  // Not an escape.
  ["/a%", "broken_escape"],
  ["/a%2", "broken_escape"],
  ["/a%zz", "broken_escape"],
  ["/a%u002e", "broken_escape"],
  ["/%%32%65", "broken_escape"],
  // Not a path's.
  ["/a b", "character"],
  ["/a\tb", "character"],
  ["/a\nb", "character"],
  ["/a\0b", "character"],
  ['/a"b', "character"],
  ["/a<b>", "character"],
  ["/a|b", "character"],
  ["/a^b", "character"],
  ["/a`b", "character"],
  ["/a{b}", "character"],
  ["/a[b]", "character"],
  ["/é", "character"],
  ["/．．/admin", "character"],
  ["/a／b", "character"],
  ["/\u202e", "character"],
  ["/\ud800", "character"],
  // Beyond the path.
  ["/a#b", "fragment"],
  ["/a?b#c", "fragment"],
  ["/a?b=\n", "character"],
  ["/a?b c", "character"],
  ["/a?é", "character"],
  ["/a?key=gate_sk_0123456789abcdef", "gate_key"],
  ["/a?key=gate%5Fsk_0123456789abcdef", "gate_key"],
  ["/gate_sk_0123456789abcdef", "gate_key"],
  [`/${"a".repeat(8_000)}`, "too_long"],
  [`/a?${"a".repeat(12_000)}`, "too_long"],
];

describe("INV-22: paths are canonicalised", () => {
  test.for(CANONICAL)("the path %j is sent as %j", ([written, path]) => {
    for (const origin of ["", "https://gate.example.com", "http://localhost:4000", "HTTPS://GATE.example"]) {
      const target = targetOf("/sfdc", UPSTREAM, `${origin}/sfdc${written}`);
      // The prefix alone is the upstream's own address: a slash behind it would be another.
      const url = written === "" ? UPSTREAM : `${UPSTREAM}${path}`;
      expect(target).toEqual({ ok: true, value: { url, path, query: "" } });
    }
  });
});

describe("INV-22: ambiguous paths are refused", () => {
  test.for(REFUSED)("the path %j is refused: %s", ([written, problem]) => {
    expect(targetOf("/sfdc", UPSTREAM, `https://gate.example.com/sfdc${written}`)).toEqual({
      ok: false,
      error: problem,
    });
  });

  test.for([
    ["https://anna:secret@gate.example.com/sfdc/a", "userinfo"],
    ["https://@gate.example.com/sfdc/a", "userinfo"],
    ["https://gate.example.com\\@evil.example/sfdc/a", "relative"],
    ["ftp://gate.example.com/sfdc/a", "malformed"],
    ["gate.example.com/sfdc/a", "malformed"],
    ["", "malformed"],
    ["sfdc/a", "malformed"],
    ["*", "malformed"],
    ["https://gate.example.com", "relative"],
    ["https://gate.example.com?/sfdc/a", "relative"],
    ["//gate.example.com/sfdc/a", "empty_segment"],
    ["https:///sfdc/a/..", "dot_segment"],
  ] as const)("the URL %j is refused: %s", ([written, problem]) => {
    expect(targetOf("/sfdc", UPSTREAM, written)).toEqual({ ok: false, error: problem });
  });

  test.for(["/sfdcx/a", "/SFDC/a", "/hubspot/a", "/", "/sfd", "/a/sfdc/b", "/v1/intents"])(
    "a path that leads outside its prefix is refused: %s",
    (path) => {
      expect(targetOf("/sfdc", UPSTREAM, path)).toEqual({ ok: false, error: "prefix" });
    },
  );
});

describe("queries", () => {
  test.for([
    ["?", "?"],
    ["?a=b&a=c&&=", "?a=b&a=c&&="],
    ["?q=%2e%2E//../;x?y", "?q=%2e%2E//../;x?y"],
    ["?expand[]=data&x={y}|^`\\", "?expand[]=data&x={y}|^`\\"],
    ["?q=%zz%", "?q=%zz%"],
    ["?a=1+2%202", "?a=1+2%202"],
    // `fetch` would escape these anyway.
    [`?q=SELECT+Id+FROM+A+WHERE+N='x'`, "?q=SELECT+Id+FROM+A+WHERE+N=%27x%27"],
    ['?a="<b>"', "?a=%22%3Cb%3E%22"],
  ] as const)("the query %s is sent as %s", ([written, sent]) => {
    const target = targetOf("/sfdc", UPSTREAM, `/sfdc/a${written}`);
    expect(target).toEqual({ ok: true, value: { url: `${UPSTREAM}/a${sent}`, path: "/a", query: sent } });
  });
});

describe("INV-22: a request can't leave the upstream's base path", () => {
  /** Everything that a path could be made of to mislead. */
  const piece = fc.constantFrom(
    ..."/.%;\\ab?#@:",
    "..",
    "%2e",
    "%2f",
    "%5c",
    "%25",
    "%c0%ae",
    "%ef%bc%8f",
    "//",
    "evil.example",
    "\t",
    "é",
  );
  const anyPath = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

  test("the target of any request is below the base path and equals what fetch() requests", () => {
    fc.assert(
      fc.property(anyPath, (written) => {
        const target = targetOf("/sfdc", UPSTREAM, `/sfdc${written}`);
        if (!target.ok) return;
        const { url, path, query } = target.value;
        const isWhole = written === "" || written.startsWith("?");
        const below = isWhole ? "" : path;
        expect(url).toBe(`${UPSTREAM}${below}${query}`);
        expect(new URL(url).href).toBe(url);
        expect(new URL(url).origin).toBe("https://api.example.com");
        expect(new URL(url).pathname).toBe(`/base${below}`);
        expect(decodeURIComponent(path).split(/[/\\]/)).not.toContain("..");
      }),
      { numRuns: 5_000 },
    );
  });

  test("a canonical path is its own canonical path", () => {
    fc.assert(
      fc.property(anyPath, (written) => {
        const once = canonicalPath(`/${written}`);
        if (once.ok) expect(canonicalPath(once.value)).toEqual(once);
      }),
      { numRuns: 3_000 },
    );
  });

  test("an upstream written in capitals, with its port or a trailing slash is the same place", () => {
    for (const upstream of ["HTTPS://API.Example.com:443/base", "https://api.example.com/base/"]) {
      expect(targetOf("/sfdc", upstream, "/sfdc/a?b")).toMatchObject({
        value: { url: "https://api.example.com/base/a?b" },
      });
    }
    expect(targetOf("", "https://api.example.com", "/a")).toMatchObject({
      value: { url: "https://api.example.com/a" },
    });
    expect(targetOf("/sfdc", "no upstream", "/sfdc/a")).toEqual({ ok: false, error: "malformed" });
  });
});
