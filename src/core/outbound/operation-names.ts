import { withDashes } from "./header-names.ts";

/*
 * Places besides method and path in which an API lets a request choose its operation. A listed read that uses one is
 * not a read: the operator listed what the method and the path say.
 */

/** Names as servers reduce them: PHP trims blanks and reads ` `, `.` and `[` as `_`; others ignore case and dashes. */
const OVERRIDES: ReadonlySet<string> = new Set([
  "method",
  "httpmethod",
  "methodoverride",
  "httpmethodoverride",
  "overridemethod",
  "httpoverride",
  "requestmethod",
  "verb",
  "httpverb",
]);

/** Query APIs: AWS and MediaWiki (`Action=…`), Moodle (`wsfunction=…`), batches (`batch=[{"method":"DELETE"…`). */
const OPERATIONS: ReadonlySet<string> = new Set([
  "action",
  "batch",
  "cmd",
  "command",
  "op",
  "operation",
  "wsfunction",
  "xamztarget",
  "soapaction",
]);

/** Methods that write, WebDAV's included; Facebook's `?method=delete` is one. */
const WRITING_METHOD =
  /^\s*(?:post|put|patch|delete|merge|move|copy|mkcol|link|unlink|proppatch|lock|unlock)\s*$/i;

/** `flickr.photos.delete`: the operation itself. */
const DOTTED_OPERATION = /\w\.\w/;

/** GraphQL: a mutation, or a subscription, which lasts. Anywhere in the text, because fragments may come first. */
const GRAPHQL_WRITE = /(?:^|\W)(?:mutation|subscription)(?!\w)/;

/** Last segments of paths whose body holds the operations: OData, Salesforce, Elasticsearch, JSON-RPC, GraphQL. */
const OPERATIONS_PATH = /\/(?:\$?batch|_bulk|composite|graph|graphql|jsonrpc|rpc|xmlrpc(?:\.php)?)\/?$/i;
const GRAPHQL_PATH = /graphql\/?$/i;

/** @param path canonical, below the upstream */
export function isOperationsPath(path: string, method: string): boolean {
  // A GET has its operations in the query, which `queryChoosesOperation` reads: `/graphql?query={me{id}}` is a read.
  return method !== "GET" && method !== "HEAD" && OPERATIONS_PATH.test(path);
}

/** @param query with its question mark, or empty */
export function queryChoosesOperation(path: string, query: string): boolean {
  let isGraphql = false;
  for (const [name, value] of lenientPairs(query)) {
    if (choosesOperation(name, value)) return true;
    isGraphql ||= name === "query" && value.trim() !== "";
  }
  // A persisted query has only a name (`?id=…`, `?extensions=…`), whose operation the server knows.
  return GRAPHQL_PATH.test(path) && !isGraphql;
}

/**
 * Does a parameter of a query, a form field or a member of a JSON body choose the operation?
 *
 * @param name decoded
 */
export function choosesOperation(name: string, value: string): boolean {
  const bare = reduced(name);
  if (OVERRIDES.has(bare)) {
    // A plain `method` is also a filter (`?method=card`); every marked name is an override, whatever its value.
    const isPlain = /^method$/i.test(name);
    return !isPlain || WRITING_METHOD.test(value) || DOTTED_OPERATION.test(value);
  }
  return OPERATIONS.has(bare) || (value.includes("{") && GRAPHQL_WRITE.test(value));
}

function reduced(name: string): string {
  return withDashes(name)
    .replaceAll(/[^a-z0-9]/g, "")
    .replace(/^x(?:ms)?(?=http|method|override)/, "");
}

/** Names and values of a query or a form, by every separator that servers know; blanks and escapes decoded. */
export function* lenientPairs(text: string): Generator<readonly [name: string, value: string]> {
  for (const part of text.split(/[&;?]/)) {
    const at = part.indexOf("=");
    yield at < 0 ? [decoded(part), ""] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))];
  }
}

/** The most lenient reading of an escape, twice: a proxy in front of the server may decode as well. */
function decoded(text: string): string {
  return decodedOnce(decodedOnce(text.replaceAll("+", " ")));
}

function decodedOnce(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/%(?:u00)?([\dA-Fa-f]{2})/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}
