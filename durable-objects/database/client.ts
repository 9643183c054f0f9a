import type { Answer, DatabaseObject } from "./database-object.ts";
import type { Query, QueryResult } from "./run-queries.ts";

interface Bindings {
  readonly objects: DurableObjectNamespace<DatabaseObject>;
  /** The database's name. */
  readonly name: string;
}

/**
 * The service behind the runtime's own D1 client, as a module of the caller's isolate: one call of the object for each
 * query or batch. The client adds `D1_ERROR:` to what it throws.
 */
export function queryService({ objects, name }: Bindings) {
  // Later than the binding: ids can't be made while the isolate starts.
  let id: DurableObjectId | undefined;
  return {
    async query({ queries }: { readonly queries: readonly Query[] }): Promise<{
      readonly results: readonly QueryResult[];
    }> {
      id ??= objects.idFromName(name);
      const answer: Answer = await objects.get(id).query(queries);
      if ("error" in answer) throw new Error(answer.error);
      return { results: answer.results };
    },
  };
}
