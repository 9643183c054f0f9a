import type { z } from "zod";

/**
 * What a response with this schema holds. Views return it, so that the compiler keeps code and document the same; no
 * response is parsed at run time, and the Worker loads no schema of one.
 */
export type Answer<Schema extends z.ZodType> = ReadonlyDeep<z.infer<Schema>>;

type ReadonlyDeep<T> = T extends object ? { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> } : T;
