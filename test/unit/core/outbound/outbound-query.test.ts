import { expect, test } from "vitest";
import { holdsAgentCredential } from "../../../../src/core/outbound/agent-credentials.ts";

test.for([
  "?api_key=x",
  "?a=1&API-Key=x",
  "?apikey",
  "?access_token=x",
  "?access%5ftoken=x",
  "?client_secret=x",
  "?X-Amz-Signature=x",
  "?X-Goog-Signature=x",
  "?sv=2024-11-04&sig=x",
  "?private_token=x",
  "?api_token=x",
  "?hapikey=x",
  "?token=xoxb-1-2-x",
  "?key=AIzaSyx",
  "?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
])("INV-23: the query %s holds a credential and is refused", (query) => {
  expect(holdsAgentCredential(query)).toBe(true);
});

test.for([
  "",
  "?",
  "?page_token=x",
  "?next_token=x",
  "?token_type=card",
  "?key=name",
  "?token=eyJvZmZzZXQiOjIwfQ",
  "?signature=required",
  "?api_keys_after=x",
  "?q=api_key",
])("the query %s holds no credential", (query) => {
  expect(holdsAgentCredential(query)).toBe(false);
});
