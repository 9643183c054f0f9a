import { describe, expect, test } from "vitest";
import { isMaskable, maskProblem, type MaskProblem } from "../../../../src/core/masking/secret-strength.ts";

const MASKABLE = [
  "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
  "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
  "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
  "00D5g000004xyz!AQ0AQFzk3LwYqj8Kb7.Wm2c",
  "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",
  "kD4vYp2m",
  "9f86d081884c7d659a2feaa0c55ad015",
  "4f2b9c1e",
  "correct horse battery staple",
  "anna:kD4vYp2m",
  "839201746528109",
];

const NOT: readonly (readonly [string, MaskProblem])[] = [
  ["", "too_short"],
  ["a", "too_short"],
  ["kD4vYp2", "too_short"],
  ["kD4vYp2m".repeat(1_025), "too_long"],
  ["password", "guessable"],
  ["Password1!", "guessable"],
  ["p4ssw0rd!", "guessable"],
  ["P@$$w0rd123", "guessable"],
  ["changeme1", "guessable"],
  ["secret123456", "guessable"],
  ["my-secret", "guessable"],
  ["welcome2026!", "guessable"],
  ["your-api-key-here", "guessable"],
  ["undefined", "guessable"],
  ["12345678", "guessable"],
  ["0123456789abcdef", "guessable"],
  ["abcdefghijklmnop", "guessable"],
  ["hgfedcba98765432", "guessable"],
  ["20261122", "guessable"],
  ["aaaaaaaaaaaaaaaaaaaaaaaa", "guessable"],
  ["abababababababab", "guessable"],
  ["a1b2a1b2a1b2a1b2", "guessable"],
  ["customer", "guessable"],
  ["production", "guessable"],
  ["Production", "guessable"],
  ["sales-manager", "guessable"],
  ["CONTENT-TYPE", "guessable"],
  ["application.json", "guessable"],
  ["kD4vYp2m\n", "characters"],
  ["kD4vYp2m\r\nX: y", "characters"],
  ["kD4v\0Yp2m", "characters"],
  ["kD4vYp2mé", "characters"],
  ["ｋＤ４ｖＹｐ２ｍ", "characters"],
  ["kD4v\u200bYp2m", "characters"],
];

describe("INV-21: a secret too weak to mask is refused", () => {
  test.for(MASKABLE)("the secret %s can be masked", (secret) => {
    expect(maskProblem(secret)).toBeNull();
    expect(isMaskable(secret)).toBe(true);
  });

  test.for(NOT)("the secret %j is %s", ([secret, problem]) => {
    expect(maskProblem(secret)).toBe(problem);
    expect(isMaskable(secret)).toBe(false);
  });
});
