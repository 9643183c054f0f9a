import fc from "fast-check";
import { expect, test } from "vitest";
import { ESCAPE_FORMS, type EscapeForm } from "../../../../src/core/base/escape-forms.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { masksFor } from "../../../../src/core/masking/masks.ts";

/** Letters and digits: of a term, the matcher ignores punctuation. */
const SECRET = "refundQ7x9Lw4vRt6";

/** The digits padded with zeros to each length that the form allows, in both cases. */
function spellings(
  { lead, radix, digits: [least, most], end }: EscapeForm,
  character: string,
): readonly string[] {
  const digits = character.charCodeAt(0).toString(radix);
  const longest = Math.min(most, digits.length + 3);
  return [Math.max(least, digits.length), Math.max(least, longest)].flatMap((length) => {
    const padded = digits.padStart(length, "0");
    const ends = end === ";" ? ["", ";"] : [end];
    return ends.flatMap((closing) =>
      [padded, padded.toUpperCase()].map((text) => `${lead}${text}${closing}`),
    );
  });
}

const matcher = compileTerms([SECRET]);
const masks = masksFor([SECRET]);
if (!matcher.ok || !masks.ok) throw new Error("the secret is a term, and can be masked");

const written = (choose: (all: readonly string[], at: number) => string, form: EscapeForm) =>
  Array.from(SECRET, (character, at) => choose(spellings(form, character), at)).join("");

test.for(ESCAPE_FORMS)(
  "INV-21: what the term matcher decodes, the masks find: $lead of radix $radix",
  (form) => {
    const count = spellings(form, "a").length;
    for (let index = 0; index < count; index += 1) {
      const text = `(${written((all) => all[index] ?? "", form)})`;
      // The matcher reads quoted-printable in capitals only.
      if (form.lead !== "=" || index % 2 === 1) expect(matcher.value.find([text]), text).toEqual([0]);
      expect(masks.value.text(text), text).toBe("([masked])");
    }
  },
);

test("INV-21: the masks find every mixture of the forms", () => {
  const anySpelling = fc.tuple(fc.constantFrom(...ESCAPE_FORMS), fc.nat());
  fc.assert(
    fc.property(fc.array(anySpelling, { minLength: 1, maxLength: 20 }), (chosen) => {
      const text = Array.from(SECRET, (character, at) => {
        const [form, index] = chosen[at % chosen.length] ?? [ESCAPE_FORMS[0] as EscapeForm, 0];
        const all = spellings(form, character).filter((one) => form.end !== ";" || one.endsWith(";"));
        return all[index % all.length] ?? "";
      }).join("");
      expect(masks.value.text(`(${text})`)).toBe("([masked])");
    }),
  );
});

test.for(["=\r\n", "=\n"])("INV-21: a soft line break %j hides neither a term nor a secret", (softBreak) => {
  const text = `(${Array.from(SECRET).join(softBreak)})`;
  expect(matcher.value.find([text])).toEqual([0]);
  expect(masks.value.text(text)).toBe("([masked])");
  expect(masks.value.text(`a${softBreak}${SECRET}`)).toBe(`a${softBreak}[masked]`);
});
