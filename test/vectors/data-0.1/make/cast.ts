import type { JsonWebKey } from "node:crypto";
import type { Client } from "./client.ts";
import type { Account } from "./jws.ts";
import type { Members } from "./principals.ts";

/** Whom the stories are about, and the server they speak to. */
export interface Cast {
  readonly client: Client;
  readonly members: Members;
  readonly reportKey: JsonWebKey;
  readonly account: Account;
}
