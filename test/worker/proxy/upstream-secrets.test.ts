import { afterEach, describe, expect, test, vi } from "vitest";
import { answer, scriptedUpstream, send, type Step } from "../../support/worker/scripted-upstream.ts";
import { answered, calling, SECRET, textOf, withCredential } from "../../support/worker/upstream-calls.ts";
import type { Injection } from "../../../src/core/registry/injection.ts";

afterEach(() => vi.restoreAllMocks());

const each = (write: (code: number) => string) => (text: string) =>
  Array.from(text, (char) => write(char.charCodeAt(0))).join("");
const hex = (code: number) => code.toString(16).padStart(2, "0");
const base64Url = (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** How an upstream may write what it was sent. */
const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "as it was sent": (secret) => `Bearer ${secret}`,
  "in JSON": (secret) => JSON.stringify({ key: secret }),
  "escaped in JSON": each((code) => `\\u00${hex(code)}`),
  "JSON in JSON": (secret) =>
    JSON.stringify(JSON.stringify({ a: each((code) => `\\u00${hex(code)}`)(secret) })),
  "percent-encoded": each((code) => `%${hex(code)}`),
  "percent-encoded in capitals": each((code) => `%${hex(code).toUpperCase()}`),
  "in base64": (secret) => btoa(secret),
  "in base64, behind something": (secret) => btoa(`Bearer ${secret}`),
  "in base64, between": (secret) => btoa(`a${secret}bcd`),
  "in base64 for URLs": base64Url,
  "in hexadecimal": each(hex),
  "in decimal references": each((code) => `&#${code};`),
  "in hexadecimal references": each((code) => `&#x${hex(code)};`),
  "ten thousand times": (secret) => `${secret},`.repeat(3_000),
};

/** `before … after`, which the platform could not compress itself. */
const BR = "CxaAYmVmb3JlIHNrX2xpdmVfNGVDMzlIcUx5aldEYXJqdFQxemRwN2RjIGFmdGVyAw==";

/** Encodings of the secret that no response may contain. */
const NEVER = Object.entries(SPELLINGS)
  .filter(([name]) => name !== "ten thousand times")
  .map(([, write]) => write(SECRET).replaceAll("=", ""));

function expectNone(text: string): void {
  for (const spelled of NEVER) expect(text.includes(spelled)).toBe(false);
  expect(text.toLowerCase().includes(SECRET.toLowerCase())).toBe(false);
}

describe("INV-21: a credential that an upstream echoes is masked", () => {
  test.for(Object.keys(SPELLINGS))("INV-21: in the body, spelled %s", async (name) => {
    const written = SPELLINGS[name]?.(SECRET) ?? "";
    const upstream = await scriptedUpstream(...answer(`before ${written} after`));
    for (const passesThrough of [true, false]) {
      const text = await textOf(await answered(upstream.url, { ...withCredential(), passesThrough }));
      expectNone(text);
      expect(text).toMatch(/^before .*\[masked\].* after$/s);
    }
    // It was there to be seen, and an agent's own credential is the agent's to see.
    expect(await textOf(await answered(upstream.url))).toBe(`before ${written} after`);
  });

  test.for(["in JSON", "in base64, between", "percent-encoded", "in decimal references"])(
    "INV-21: when packets split it at any byte, spelled %s",
    async (name) => {
      const text = `a ${SPELLINGS[name]?.(SECRET) ?? ""} b`;
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
      const cuts = Array.from({ length: Math.min(text.length, 60) }, (_, at) => at + 1);
      const texts = await Promise.all(
        cuts.map(async (at) => {
          const parts: Step[] = [send(head, head.length), send(text.slice(0, at), at), send(text.slice(at))];
          const upstream = await scriptedUpstream(...parts, { do: "end" });
          return textOf(await answered(upstream.url, withCredential()));
        }),
      );
      expect(new Set(texts)).toEqual(new Set([texts[0]]));
      expectNone(texts[0] ?? "");
    },
  );

  test("INV-21: in packets of one byte", async () => {
    const text = Object.values(SPELLINGS)
      .slice(0, -1)
      .map((write) => write(SECRET))
      .join(" | ");
    const upstream = await scriptedUpstream(
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`),
      send(text, 1),
      { do: "end" },
    );
    const back = await textOf(await answered(upstream.url, withCredential()));
    expectNone(back);
    expect(back.split(" | ")).toHaveLength(Object.keys(SPELLINGS).length - 1);
  });

  test.for(["gzip", "x-gzip", "GZIP", "deflate"])("INV-21: in a body compressed as %s", async (coding) => {
    const format = coding === "deflate" ? "deflate" : "gzip";
    const text = `before ${SECRET} ${btoa(SECRET)} after`.repeat(50);
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const upstream = await scriptedUpstream(...answer(bytes, [`Content-Encoding: ${coding}`]));
    const back = await textOf(await answered(upstream.url, withCredential()));
    expectNone(back);
    expect(back).toMatch(/^before \[masked\] \[masked\]=* after/);
  });

  test("INV-21: in a body compressed as br", async () => {
    const bytes = Uint8Array.from(atob(BR), (char) => char.charCodeAt(0));
    const upstream = await scriptedUpstream(...answer(bytes, ["Content-Encoding: br"]));
    expect(await textOf(await answered(upstream.url, withCredential()))).toBe("before [masked] after");
  });

  test.for(["little", "big"])("INV-21: in UTF-16 with the %s end first", async (end) => {
    const bytes = Uint8Array.from(`{"k":"${SECRET}"}`, (char) => char.charCodeAt(0)).reduce<number[]>(
      (all, code) => {
        return [...all, ...(end === "little" ? [code, 0] : [0, code])];
      },
      [],
    );
    const upstream = await scriptedUpstream(
      ...answer(Uint8Array.from(bytes), ["Content-Type: text/plain; charset=utf-16"]),
    );
    const text = await textOf(await answered(upstream.url, withCredential()));
    expect(text).toContain("[masked]");
    expectNone(text.replaceAll("\0", ""));
  });

  test.for([
    ["zstd", "unknown_coding"],
    ["compress", "unknown_coding"],
    ["gzip, gzip", "stacked_codings"],
    ["aws-chunked", "unknown_coding"],
  ] as const)("INV-21: a body that can't be decoded is withheld: %s", async ([coding, withheld]) => {
    const upstream = await scriptedUpstream(...answer(`x${SECRET}`, [`Content-Encoding: ${coding}`]));
    const back = await answered(upstream.url, withCredential());
    expect(back).toMatchObject({ status: 200, body: null, withheld });
    expectNone(JSON.stringify(back));
  });

  test("INV-21: a partial response, which may contain a part of it, is withheld", async () => {
    const upstream = await scriptedUpstream(
      ...answer(SECRET.slice(4), ["Content-Range: bytes 4-31/32"], "206 Partial Content"),
    );
    expect(await answered(upstream.url, withCredential())).toMatchObject({
      status: 206,
      body: null,
      withheld: "partial",
    });
  });

  test("INV-21: a withheld body is not fetched", async () => {
    const steps = [send("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\nbegun")];
    const upstream = await scriptedUpstream(...steps);
    await answered(upstream.url, withCredential());
    expect(await upstream.closed()).toMatchObject({ isClosed: true });
  });

  test("INV-21: in status text and headers, by name and by value", async () => {
    const headers = [
      `X-Echo: Bearer ${SECRET}`,
      `X-Basic: ${btoa(`user:${SECRET}`)}`,
      `X-Percent: ${SPELLINGS["percent-encoded"]?.(SECRET)}`,
      `X-Json: {"a":"${SPELLINGS["escaped in JSON"]?.(SECRET)}"}`,
      `X-Long: ${`${SECRET};`.repeat(3_000)}`,
      `X-${SECRET}: a`,
      `X-${SPELLINGS["in hexadecimal"]?.(SECRET)}: a`,
      `Link: <https://api.example.com/?page=2&key=${SECRET}>; rel="next"`,
      `WWW-Authenticate: Bearer error="invalid_token", error_description="${SECRET}"`,
      `X-Plain: kept`,
    ];
    const upstream = await scriptedUpstream(...answer("", headers, `400 No ${SECRET}`));
    const back = await answered(upstream.url, withCredential());
    expect(back).toMatchObject({ status: 400, statusText: "No [masked]" });
    expect(back.headers).toEqual(
      expect.arrayContaining([
        ["x-plain", "kept"],
        ["x-echo", "Bearer [masked]"],
        ["x-long", "[masked];".repeat(3_000)],
      ]),
    );
    expectNone(JSON.stringify(back.headers));
  });

  test.for([301, 302, 307, 308])("INV-21: in the target of a redirect: %d", async (status) => {
    const location = `https://elsewhere.example.com/cb?token=${encodeURIComponent(SECRET)}&b=${btoa(SECRET)}`;
    const upstream = await scriptedUpstream(
      ...answer(location, [`Location: ${location}`], `${status} There`),
    );
    const back = await answered(upstream.url, withCredential());
    expect(back.headers).toContainEqual([
      "location",
      "https://elsewhere.example.com/cb?token=[masked]&b=[masked]=",
    ]);
    expectNone(await textOf(back));
  });

  test("INV-21: a body that breaks off inside it shows no beginning of it", async () => {
    const begun = `HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nbefore ${SECRET.slice(0, 20)}`;
    const upstream = await scriptedUpstream(send(begun), { do: "pause", ms: 20 }, { do: "reset" });
    const { body } = await answered(upstream.url, withCredential());
    const seen: string[] = [];
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    const whole = (async () => {
      for (;;) {
        const read = await reader?.read();
        if (read === undefined || read.done) return "whole";
        seen.push(read.value);
      }
    })();
    expect(await whole.catch(() => "broke off")).toBe("broke off");
    expect(seen.join("")).not.toContain("sk_");
  });
});

describe("INV-21: a credential is injected only where the operator wrote", () => {
  const INJECTIONS: readonly (readonly [Injection, string])[] = [
    [{ kind: "bearer" }, `authorization: bearer ${SECRET}`],
    [{ kind: "basic", user: "api" }, `authorization: basic ${btoa(`api:${SECRET}`)}`],
    [{ kind: "header", name: "X-Api-Key", format: "Token {secret}" }, `x-api-key: token ${SECRET}`],
    [{ kind: "query", name: "api_key" }, `?a=1&api_key=${SECRET}`],
  ];

  test.for(INJECTIONS)("as %j", async ([injection, line]) => {
    const upstream = await scriptedUpstream(...answer(`echo ${SECRET}`));
    const back = await answered(`${upstream.url}/x?a=1`, { ...withCredential(injection), method: "POST" });
    expect(await textOf(back)).toBe("echo [masked]");
    const [seen] = await upstream.seen();
    expect(seen?.head.toLowerCase()).toContain(line.toLowerCase());
    expect(seen?.head.toLowerCase().split(line.toLowerCase())).toHaveLength(2);
  });

  test("INV-21: and stands in no failure and no log line, even when it is part of the URL", async () => {
    const written: string[] = [];
    for (const level of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, level).mockImplementation((...parts) => void written.push(parts.join(" ")));
    }
    const failing = [
      (await scriptedUpstream({ do: "reset" })).url,
      (await scriptedUpstream(...answer("x", [], "999 Odd"))).url,
      "http://nobody.example.invalid/",
      "http://127.0.0.1:1/",
    ];
    for (const url of failing) {
      const called = await calling(url, {
        ...withCredential({ kind: "query", name: "api_key" }),
        timeoutMs: 500,
      });
      expect(called.ok).toBe(false);
      expectNone(JSON.stringify(called));
    }
    expectNone(written.join("\n"));
  });

  test("INV-21: and is fetched for each call", async () => {
    const upstream = await scriptedUpstream(...answer("ok"));
    await answered(upstream.url, withCredential());
    const other = { credential: { name: "gone", injection: { kind: "bearer" } as const } };
    expect(await calling(upstream.url, other)).toMatchObject({
      ok: false,
      error: { problem: "not_found", sent: false },
    });
    expect(await upstream.seen()).toHaveLength(1);
  });
});
