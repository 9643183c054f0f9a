/** How an operator set up this deployment; checked once, when the first request builds the ports. */
export interface Settings {
  readonly maxPayloadBytes: number;
  /** How much of an upstream's response to a write is stored. */
  readonly maxResponseBytes: number;
  /** Header in which agents may send their key, lower case; `Authorization` stays free for their upstream. */
  readonly keyHeader: string;
  readonly publicFeed: boolean;
  /** How this deployment names itself in what it signs. */
  readonly origin: string;
  readonly version: string;
  /** Where people reach this Gate, for links in messages; null: not configured, so messages carry no links. */
  readonly publicUrl: string | null;
  /** True: the local server was started so that people of the registry sign in without a key, for development. */
  readonly localSignIn: boolean;
}
