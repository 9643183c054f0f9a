import { describe, expect, test } from "vitest";
import { maskedBody } from "../../../src/adapters/upstream/masked-body.ts";
import { masksFor, type Masks } from "../../../src/core/masking/masks.ts";
import { decodingOf } from "../../../src/core/outbound/response.ts";

const SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

function masks(): Masks {
  const found = masksFor([SECRET, `user:${SECRET}`]);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

function bodyOf(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const rest = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = rest.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* cut(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("INV-21: a masked stream", () => {
  const echoes = [
    SECRET,
    encodeURIComponent(SECRET).replaceAll("_", "%5F"),
    btoa(SECRET),
    btoa(`user:${SECRET}`),
    Array.from(SECRET, (char) => `\\u00${char.charCodeAt(0).toString(16)}`).join(""),
    Array.from(SECRET, (char) => `&#${char.charCodeAt(0)};`).join(""),
  ];

  test.for([1, 3, 16, 65_536])("masks the credential in chunks of %d bytes", async (length) => {
    const text = echoes.map((echo, number) => `{"${number}":"${echo.replace(/=+$/, "")}"}\n`).join("");
    const masked = await new Response(maskedBody(bodyOf(cut(bytesOf(text), length)), masks())).text();
    expect(masked).toBe(echoes.map((_, number) => `{"${number}":"[masked]"}\n`).join(""));
  });

  test("masks a match that is held back until the end", async () => {
    const whole = await new Response(maskedBody(bodyOf([bytesOf(`x${SECRET}`)]), masks())).text();
    expect(whole).toBe("x[masked]");
    const part = await new Response(maskedBody(bodyOf([bytesOf(SECRET.slice(0, -1))]), masks())).text();
    expect(part).toBe(SECRET.slice(0, -1));
  });

  test.for([
    ["GZIP", "gzip"],
    ["deflate", "deflate"],
  ] as const)(
    "masks a body in the coding %s, which the runtime leaves undecoded",
    async ([coding, format]) => {
      const decoding = decodingOf(200, [["content-encoding", coding]]);
      if (!decoding.ok || decoding.value === "as_it_is") throw new Error("nothing to decode");
      const coded = bodyOf(cut(bytesOf(`before ${SECRET} after`.repeat(100)), 10)).pipeThrough(
        new CompressionStream(format),
      );
      const decoded = coded.pipeThrough(new DecompressionStream(decoding.value));
      const text = await new Response(maskedBody(decoded, masks())).text();
      expect(text).toBe("before [masked] after".repeat(100));
    },
  );
});

test("leaves five megabytes without the credential unchanged", async () => {
  const bytes = new Uint8Array(5 << 20);
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  const masked = await new Response(maskedBody(bodyOf(cut(bytes, 50_000)), masks())).arrayBuffer();
  const [before, after] = await Promise.all(
    [bytes, masked].map((data) => crypto.subtle.digest("SHA-256", data)),
  );
  expect(new Uint8Array(after ?? new ArrayBuffer(0))).toEqual(new Uint8Array(before ?? new ArrayBuffer(0)));
});

test("reads from the upstream only as fast as it is read", async () => {
  let fetched = 0;
  const endless = (function* () {
    for (;;) {
      fetched += 1;
      yield bytesOf("line of an answer that never ends\n");
    }
  })();
  const reader = maskedBody(bodyOf(endless), masks()).getReader();
  for (let read = 0; read < 10; read += 1) await reader.read();
  expect(fetched).toBeLessThan(20);
  await reader.cancel();
});

test("breaks off when the upstream does, without the bytes held back", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytesOf(`before ${SECRET.slice(0, 20)}`));
    },
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  const reader = maskedBody(broken, masks()).getReader();
  const parts: string[] = [];
  const readAll = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "ended";
      parts.push(new TextDecoder().decode(value));
    }
  };
  expect(await readAll().catch(() => "broke off")).toBe("broke off");
  expect(parts.join("")).not.toContain("sk_live");
});
