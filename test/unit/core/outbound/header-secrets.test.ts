import { expect, test } from "vitest";
import { headerSecrets } from "../../../../src/core/outbound/header-secrets.ts";

const TOKEN = "tk_9f8e7d6c5b4a39281706";

test.for([
  ["a bearer token", [["authorization", `Bearer ${TOKEN}`]], [TOKEN]],
  ["a token of another scheme", [["authorization", `Token  ${TOKEN}`]], [TOKEN]],
  ["a key in its own header", [["x-api-key", TOKEN]], [TOKEN]],
  [
    "the same twice",
    [
      ["x-api-key", TOKEN],
      ["authorization", `Bearer ${TOKEN}`],
    ],
    [TOKEN],
  ],
  [
    "a pair",
    [["authorization", `Basic ${btoa(`ana:${TOKEN}`)}`]],
    [btoa(`ana:${TOKEN}`), `ana:${TOKEN}`, TOKEN],
  ],
  ["a parameter", [["authorization", `Token token=${TOKEN}`]], [`token=${TOKEN}`, TOKEN]],
  [
    "a parameter in quotes, among others",
    [["authorization", `OAuth realm="kD4vYp2m", oauth_token="${TOKEN}"`]],
    [`realm="kD4vYp2m", oauth_token="${TOKEN}"`, TOKEN],
  ],
  ["a secret behind a user name", [["authorization", `ApiKey ana:${TOKEN}`]], [`ana:${TOKEN}`, TOKEN]],
  ["a secret too short to be found", [["x-api-key", "abc"]], []],
  ["an empty one", [["authorization", "Bearer "]], []],
  ["none", [], []],
] as const)("INV-21: secrets to mask are found in the agent's own credential: %s", ([, headers, secrets]) => {
  expect(headerSecrets(headers)).toEqual(secrets);
});
