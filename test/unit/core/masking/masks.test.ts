import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMaskable } from "../../../../src/core/masking/secret-strength.ts";
import { masksFor, type Masks } from "../../../../src/core/masking/masks.ts";
import { secretEncodings } from "../../../../src/core/masking/secret-encodings.ts";
import { MaskedBytes } from "../../../../src/core/masking/masked-bytes.ts";
import { compileSecrets } from "../../../../src/core/masking/compiled-secrets.ts";
import {
  anyCuts,
  anyForm,
  anySecret,
  anySpelling,
  cut,
  FORMS,
  SPELLINGS,
} from "../../../support/random-secrets.ts";
import { volume } from "../../../support/volume.ts";

const TRIES = volume("MASKED_SECRETS", { quick: 300, chaos: 3_000 });

const SECRET = 'sk_live_9f"8/Xq+7T<b&Z2\\k';

function masksOf(...secrets: string[]): Masks {
  const masks = masksFor(secrets);
  if (!masks.ok) throw new Error(`${secrets.join(" ")}: ${masks.error}`);
  return masks.value;
}

function masked(masks: Masks, chunks: readonly Uint8Array[]): Uint8Array {
  const stream = masks.stream();
  // Not copied until the end: no released chunk may be memory that the stream reuses.
  const out = chunks.flatMap((chunk) => stream.push(chunk));
  return new Uint8Array(Buffer.concat([...out, ...stream.end()]));
}

function maskedCut(masks: Masks, text: string, lengths: readonly number[]): string {
  return Buffer.from(masked(masks, cut(Buffer.from(text), lengths))).toString();
}

describe("INV-21: a credential that an upstream echoes is masked", () => {
  for (const [form, transform] of Object.entries(FORMS)) {
    test.for(Object.entries(SPELLINGS))(`as ${form}, spelled %s`, ([, spell]) => {
      // Breaks of lines are put in by encoders, not by the secret: they are spelled already.
      const pieces = transform(SECRET).split(/(\r\n|\\n)/);
      const written = pieces
        .map((piece, at) => (at % 2 === 1 ? piece : Array.from(piece, spell).join("")))
        .join("");
      const text = `{"echo":"${written}", "next": true}`;
      const masks = masksOf(SECRET);
      expect(masks.text(text)).toContain("[masked]");
      for (const length of [1, 2, 3, 7, 64, 4096]) {
        const out = maskedCut(masks, text, [length]);
        expect(out).toBe(masks.text(text));
        expect(out.startsWith('{"echo":"')).toBe(true);
        expect(out.endsWith('", "next": true}')).toBe(true);
        // Of base64, as much is left as is of the text around the secret: ten bytes at most for a character.
        const around = Math.max(transform(SECRET).length - Math.ceil((SECRET.length * 8) / 6), 0);
        expect(out.length).toBeLessThanOrEqual('{"echo":"[masked]", "next": true}'.length + around * 10);
      }
    });
  }
});

test("INV-21: only the mask is left, whatever the secret, its encoding, the spelling of each character and the cuts of the stream", () => {
  fc.assert(
    fc.property(
      anySecret.filter(isMaskable),
      fc.array(anySpelling, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(FORMS.itself, FORMS.base64Url, FORMS.hex, FORMS.hexUpper),
      anyCuts,
      (secret, spellings, form, cuts) => {
        const written = Array.from(form(secret), (char, index) => {
          return (spellings[index % spellings.length] ?? SPELLINGS.plain)(char);
        }).join("");
        expect(maskedCut(masksOf(secret), `before (${written}) after`, cuts)).toBe("before ([masked]) after");
      },
    ),
    { numRuns: TRIES },
  );
});

test("bytes before and after the secret stay as they are, binary included", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, bytes, bytes, anyCuts, (first, second, third, cuts) => {
      const secret = "Zq8#Lw4vRt6!Yp2x";
      const whole = Buffer.concat([first, Buffer.from(secret), second, Buffer.from(secret), third]);
      const mask = Buffer.from("[masked]");
      const wanted = Buffer.concat([first, mask, second, mask, third]);
      expect(Buffer.from(masked(masksOf(secret), cut(whole, cuts))).equals(wanted)).toBe(true);
    }),
    { numRuns: TRIES },
  );
});

/** Texts made of what forms are made of, so that beginnings of forms turn up everywhere. */
function textsNear(secret: string) {
  const pieces = [
    ...Object.values(FORMS).map((form) => form(secret)),
    ...Object.values(SPELLINGS).map((spell) => Array.from(secret, spell).join("")),
    ...Object.values(SPELLINGS).map((spell) => Array.from(btoa(secret), spell).join("")),
  ];
  const begun = fc
    .tuple(fc.constantFrom(...pieces), fc.nat(), fc.nat())
    .map(([piece, from, to]) => piece.slice(from % piece.length, (from % piece.length) + (to % 40)));
  const other = fc.string({ unit: fc.constantFrom(..."%\\&#x;u025abAB=\r\n0"), maxLength: 12 });
  return fc.array(fc.oneof(begun, other), { maxLength: 30 }).map((parts) => parts.join(""));
}

test("the result does not depend on where chunks are cut, even among near matches", () => {
  const secrets = [
    "abcabdabcabdabce1",
    "%25%5cab&#x2;%25u",
    "abdabce1-Q9",
    "tokenQ7xx",
    "tokenQ7xx-and-MORE",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...secrets).chain(textsNear), { maxLength: 4 }).map((all) => all.join("")),
      anyCuts,
      (text, cuts) => {
        const masks = masksOf(...secrets);
        expect(maskedCut(masks, text, cuts)).toBe(maskedCut(masks, text, [text.length + 1]));
      },
    ),
    { numRuns: TRIES },
  );
});

/** Everything that stands for something else, read once, whatever it is: a reader with other code than the masks'. */
function read(text: string): string {
  return text
    .replaceAll(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .replaceAll(/\\+u00([\da-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
    .replaceAll(/&#x0*([\da-f]{2});?/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
    .replaceAll(/&#0*(\d{2,3});?/g, (_, digits: string) => String.fromCharCode(Number(digits)))
    .replaceAll(/\\+(?=[^A-Za-z0-9])/g, "");
}

test("text in which no reader finds the secret is unchanged", () => {
  const secret = "kD4vYp2mWq7sTz9b";
  const forms = [secret, ...Object.values(FORMS).map((form) => form(secret).replaceAll(/[\r\n=]|\\n/g, ""))];
  // The first and last characters of base64 depend on the secret's neighbours, so they are cut off.
  const telling = forms.map((form) => form.slice(4, -4));
  fc.assert(
    fc.property(textsNear(secret), anyCuts, (text, cuts) => {
      const plain = `${text}\n${read(text)}\n${read(read(text))}`.replaceAll(/[\r\n]|\\n|\\r/g, "");
      fc.pre(
        !telling.some((form) => plain.includes(form) || plain.toLowerCase().includes(form.toLowerCase())),
      );
      expect(maskedCut(masksOf(secret), text, cuts)).toBe(text);
    }),
    { numRuns: TRIES },
  );
});

/** The slow and obvious masking of what is not escaped: every form at every byte, and what overlaps is one. */
function maskedSlowly(secret: string, text: string): string {
  const escaped = (chars: Iterable<string>) => Array.from(chars, (char) => char.replace(/\W/, "\\$&"));
  const forms = [new RegExp(escaped(secret).join(""), "y"), new RegExp(FORMS.hex(secret), "iy")];
  for (const before of ["", "\0", "\0\0"]) {
    // The characters that keep being the same whatever stands around, and one on each side that shares bits.
    const [none, all] = ["\0", "\xff"].map((other) =>
      btoa(before.replaceAll("\0", other) + secret + other.repeat(3)),
    );
    const end = Math.ceil(((before.length + secret.length) * 8) / 6);
    const first = Math.floor((before.length * 8) / 6);
    const sets = Array.from({ length: end - first }, (_, index) => {
      return like(none?.[first + index] ?? "", all?.[first + index] ?? "");
    });
    forms.push(new RegExp(sets.join("[\\r\\n]*"), "y"));
  }
  const spans: [number, number][] = [];
  for (let at = 0; at < text.length; at += 1) {
    for (const form of forms) {
      form.lastIndex = at;
      if (!form.test(text)) continue;
      const last = spans.at(-1);
      if (last !== undefined && at < last[1]) last[1] = Math.max(last[1], form.lastIndex);
      else spans.push([at, form.lastIndex]);
    }
  }
  return spans.reduceRight((out, [from, to]) => `${out.slice(0, from)}[masked]${out.slice(to)}`, text);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** All characters with the bits that two have in common. */
function like(one: string, other: string): string {
  const [a, b] = [ALPHABET.indexOf(one), ALPHABET.indexOf(other)];
  const set = Array.from(ALPHABET).filter((_, sextet) => ((sextet ^ a) & ~(a ^ b)) === 0);
  return `[${set.map((char) => ({ "+": "+\\-", "/": "/_" })[char] ?? char).join("")}]`;
}

test("the result equals that of a naive implementation", () => {
  const secrets = [
    "kD4vYp2mWq7sTz9b",
    "abcabdabcabdabce1f",
    "~~~???>>>kkk~~~???>>>j9",
    "0aQ0aQ0aQ17xZ0aQ0aQ",
  ];
  const anyCase = fc.constantFrom(...secrets).chain((secret) => {
    const pieces = Object.values(FORMS).map((form) => form(secret).replaceAll("\\n", "\n"));
    const piece = fc
      .tuple(fc.constantFrom(...pieces), fc.nat({ max: 6 }), fc.nat({ max: 6 }))
      .map(([whole, from, less]) => whole.slice(from > 3 ? from - 3 : 0, less > 3 ? 3 - less : undefined));
    const other = fc.string({ unit: fc.constantFrom(..."abcABC019+/-_=\r\n "), maxLength: 6 });
    return fc.record({
      secret: fc.constant(secret),
      // Without `=`, which begins an escape of quoted-printable: this reader knows none.
      text: fc
        .array(fc.oneof(piece, other), { maxLength: 8 })
        .map((parts) => parts.join("").replaceAll("=", "")),
    });
  });
  fc.assert(
    fc.property(anyCase, anyCuts, ({ secret, text }, cuts) => {
      expect(maskedCut(masksOf(secret), text, cuts)).toBe(maskedSlowly(secret, text));
    }),
    { numRuns: TRIES },
  );
});

test("bytes without the secret are unchanged, however they are cut", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), anyCuts, (bytes, cuts) => {
      const out = masked(masksOf("kD4vYp2mWq7sTz9b", 'sk_live_9f"8/Xq+7T<b&Z2'), cut(bytes, cuts));
      expect(Buffer.from(out).equals(Buffer.from(bytes))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

describe("INV-21: several secrets", () => {
  test("are masked completely where one contains, begins or overlaps another", () => {
    const masks = masksOf("tokenQ7xx", "tokenQ7xx-and-MORE", "MORE&after9", "a tokenQ7xx-");
    for (const [text, wanted] of [
      ["(tokenQ7xx)", "([masked])"],
      ["(tokenQ7xx-and-MORE)", "([masked])"],
      ["(tokenQ7xx-and-LESS)", "([masked]-and-LESS)"],
      ["(tokenQ7xx-and-MORE&after9)", "([masked])"],
      ["(tokenQ7xx-and-MORE&before)", "([masked]&before)"],
      ["(a tokenQ7xx-and-MORE&after9)", "([masked])"],
      ["(a tokenQ7xx)", "(a [masked])"],
      ["tokenQ7xxtokenQ7xx", "[masked][masked]"],
    ] as const) {
      for (const length of [1, 2, 5, 100]) expect(maskedCut(masks, text, [length])).toBe(wanted);
    }
  });

  test("a secret that overlaps itself is one mask of any length, and is not held back", () => {
    const masks = masksOf("abcXYZ123abc");
    const stream = masks.stream();
    const out: string[] = [];
    let most = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const parts = stream.push(Buffer.from("abcXYZ123"));
      most = Math.max(most, ...parts.map((part) => part.length));
      out.push(...parts.map((part) => Buffer.from(part).toString()));
    }
    const last = [...stream.push(Buffer.from("abc.")), ...stream.end()];
    out.push(...last.map((part) => Buffer.from(part).toString()));
    expect(out.filter((part) => part === "[masked]")).toHaveLength(1);
    expect(stream.found()).toBe(1);
    expect(most).toBeLessThan(20);
  });
});

describe("INV-21: a silence of the upstream", () => {
  const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString();
  const secret = "sk_live_Q7x9Lw4vRt6Yp2";
  const base64 = btoa(secret);

  test.for([
    "data: hello\n\n",
    'data: {"a":1}\n\n',
    "data: s",
    "data: sk_",
    `data: ${base64.slice(0, 3)}\n\n`,
    "event: x\\",
    "a=",
  ])("lets the end of the event %j leave", (event) => {
    const stream = masksOf(secret).stream();
    expect(text([...stream.push(Buffer.from(event)), ...stream.pause()])).toBe(event);
    expect(stream.holds()).toBe(false);
    expect(text([...stream.push(Buffer.from("next")), ...stream.end()])).toBe("next");
  });

  test("gives away three characters of a secret at most, and masks the rest when it ends", () => {
    for (const [form, given] of [
      [secret, 3],
      [base64.replace(/=+$/, ""), 3],
      [Buffer.from(secret).toString("hex"), 3],
    ] as const) {
      for (let at = 1; at < form.length; at += 1) {
        const stream = masksOf(secret).stream();
        const first = text([...stream.push(Buffer.from(`(${form.slice(0, at)}`)), ...stream.pause()]);
        expect(first).toBe(`(${at <= given ? form.slice(0, at) : ""}`);
        const rest = text([
          ...stream.push(Buffer.from(`${form.slice(at)})`)),
          ...stream.pause(),
          ...stream.end(),
        ]);
        expect(`${first}${rest}`).toBe(`(${at <= given ? form.slice(0, at) : ""}[masked])`);
      }
    }
  });

  test("after each character of a secret gives away no more than after one", () => {
    const stream = masksOf(secret).stream();
    const out = Array.from(`(${secret})`).flatMap((character) => [
      ...stream.push(Buffer.from(character)),
      ...stream.pause(),
    ]);
    expect(text([...out, ...stream.end()])).toBe(`(${secret.slice(0, 3)}[masked])`);
  });

  test("anywhere leaves texts without a secret as they are", () => {
    fc.assert(
      fc.property(fc.constantFrom(secret).chain(textsNear), anyCuts, (near, cuts) => {
        const stream = masksOf("another-Secret-9q8w7e").stream();
        const parts = cut(Buffer.from(near), cuts).flatMap((chunk) => [
          ...stream.push(chunk),
          ...stream.pause(),
        ]);
        expect(text([...parts, ...stream.end()])).toBe(near);
      }),
      { numRuns: TRIES },
    );
  });

  test("anywhere leaves no more than three characters before the mask", () => {
    fc.assert(
      fc.property(anyCuts, anySpelling, (cuts, spell) => {
        const stream = masksOf(secret).stream();
        const written = Buffer.from(`(${Array.from(secret, spell).join("")})`);
        const parts = cut(written, cuts).flatMap((chunk) => [...stream.push(chunk), ...stream.pause()]);
        const out = text([...parts, ...stream.end()]);
        expect(out.endsWith("[masked])")).toBe(true);
        const given = out.slice(1, -"[masked])".length);
        const isStart = [0, 1, 2, 3].some((count) => {
          const whole = Array.from(secret.slice(0, count), spell).join("");
          return given.startsWith(whole) && given.length < whole.length + spell(secret.charAt(count)).length;
        });
        expect(isStart).toBe(true);
      }),
      { numRuns: TRIES },
    );
  });
});

describe("the memory of a masking stream", () => {
  /** How far behind what came in is what went out, at most. */
  function mostHeld(secret: string, text: string, length: number): number {
    const stream = masksOf(secret).stream();
    let held = 0;
    let most = 0;
    for (const chunk of cut(Buffer.from(text), [length])) {
      held += chunk.length;
      for (const part of stream.push(chunk)) held -= part.length;
      most = Math.max(most, held);
    }
    return most;
  }

  const secret = "0a\\&%;#x25Qw7Zp9";
  /** Of what has no end, the beginning of a form keeps being there. */
  const endless = {
    backslashes: "\\".repeat(50_000),
    "percent signs": "%25".repeat(20_000),
    ampersands: "&amp;".repeat(10_000),
    "zeros of a reference": `&#${"0".repeat(50_000)}`,
    "lines in base64": `${btoa(secret).slice(0, 8)}${"\r\n".repeat(25_000)}`,
    "first characters": "0a".repeat(25_000),
    "nearly the secret": secret.slice(0, -1).repeat(3_000),
    "nearly its base64": btoa(secret).slice(0, -4).repeat(2_000),
  };
  test.for(Object.entries(endless))("stays bounded over endless %s", ([, text]) => {
    // 16 for each of the 32 characters of the longest form, and what is held without being sure.
    for (const length of [7, 1_000]) {
      expect(mostHeld(secret, text, length)).toBeLessThan(16 * 32 + 4_096 + length);
    }
  });

  test("INV-21: a secret behind them is masked all the same", () => {
    const masks = masksOf(secret);
    for (const text of Object.values(endless)) {
      for (const length of [9, 1_000]) {
        const out = maskedCut(masks, `${text} ${secret}.`, [length]);
        expect(out.endsWith("[masked].")).toBe(true);
      }
    }
    const zeros = Array.from(secret, (char) => `&#${"0".repeat(5_000)}${char.charCodeAt(0)};`).join("");
    const out = maskedCut(masks, zeros, [50]);
    expect(out.endsWith("[masked]")).toBe(true);
    expect(read(out)).not.toContain(secret.slice(-4));
  });

  test("a line without a match leaves at once", () => {
    const stream = masksOf("kD4vYp2mWq7sTz9b").stream();
    const line = Buffer.from('data: {"delta":"word"}\n\n');
    expect(Buffer.concat([...stream.push(line)]).equals(line)).toBe(true);
  });

  test("states beyond the limit do not change the resulting bytes", () => {
    const words = Array.from({ length: 400 }, (_, at) => `${at.toString(36)}${(at * 7919) % 97}`);
    const long = words.join("");
    const reading = compileSecrets(secretEncodings([long]));
    const stream = new MaskedBytes(reading);
    const out: Uint8Array[] = [];
    let wanted = "";
    let [automata, last] = [0, reading.automaton];
    for (let at = 0; at < 150; at += 1) {
      const noise = `${long.slice(0, (at * 7) % long.length)}%${btoa(long).slice(0, (at * 37) % long.length)}&`;
      const spelled = Array.from(long, (char, index) => {
        return index % 50 === at % 50 ? SPELLINGS.percent(char) : char;
      });
      wanted += `${noise}[masked]`;
      for (const chunk of cut(Buffer.from(noise + spelled.join("")), [500])) {
        out.push(...stream.push(chunk));
        expect(reading.automaton.places.length).toBeLessThanOrEqual(2_048);
        if (reading.automaton !== last) automata += 1;
        last = reading.automaton;
      }
    }
    expect(Buffer.concat([...out, ...stream.end()]).toString()).toBe(wanted);
    expect(automata).toBeGreaterThan(10);
  });
});

describe("masking of whole texts", () => {
  test("returns a text without the secret unchanged, lone surrogates included", () => {
    for (const text of ["", "plain", "é\ud800x", "\uFEFFmark"]) expect(masksOf(SECRET).text(text)).toBe(text);
  });

  test("leaves the text around a secret", () => {
    expect(masksOf(SECRET).text(`\uFEFF€ ${SECRET} é`)).toBe("\uFEFF€ [masked] é");
  });

  test("INV-21: masks the pair of basic authentication together with its user", () => {
    const pair = "anna:kD4vYp2mWq7sTz9b";
    const masks = masksOf("kD4vYp2mWq7sTz9b", pair);
    expect(masks.text(`Basic ${btoa(pair).replaceAll("=", "")}`)).toBe("Basic [masked]");
    expect(masks.text(pair)).toBe("[masked]");
  });

  test("INV-21: finds UTF-16 as ASCII with zero bytes between", () => {
    const masks = masksOf(SECRET);
    for (const form of [SECRET, btoa(SECRET)]) {
      const little = Buffer.from(`say "${form}" again`, "utf16le");
      for (const bytes of [little, Buffer.from(little).swap16()]) {
        const out = Buffer.from(masked(masks, cut(bytes, [3])))
          .toString("latin1")
          .replaceAll("\0", "");
        expect(out.replaceAll("=", "")).toBe('say "[masked]" again');
      }
    }
  });

  test("INV-21: reads a plus in a form field as a space", () => {
    const masks = masksOf("kD4v Yp2m Wq7s");
    for (const text of ["kD4v+Yp2m+Wq7s", "kD4v%20Yp2m+Wq7s", "kD4v Yp2m Wq7s"]) {
      expect(masks.text(`q=${text}&`)).toBe("q=[masked]&");
    }
  });

  test("masks nothing without secrets", () => {
    expect(masksOf().text("anything")).toBe("anything");
    expect(maskedCut(masksOf(), "anything", [3])).toBe("anything");
  });

  test("INV-21: refuses a secret that can't be masked, so that no response is returned", () => {
    expect(masksFor(["short"])).toEqual({ ok: false, error: "too_short" });
    expect(masksFor([""])).toEqual({ ok: false, error: "too_short" });
    expect(masksFor(["kD4vYp2mWq7sTz9b", "password"])).toEqual({ ok: false, error: "guessable" });
  });

  test("INV-21: finds nested encodings: percent-encoded base64 in a JSON string", () => {
    fc.assert(
      fc.property(anyForm, (form) => {
        const inner = encodeURIComponent(form(SECRET));
        const out = masksOf(SECRET).text(JSON.stringify({ query: `q=${inner}` }));
        expect(out).toContain("[masked]");
      }),
    );
  });
});
