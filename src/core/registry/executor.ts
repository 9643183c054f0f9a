/** Who executes an approved write. */
export type Executor = "runner" | "gate" | "forward" | "external_pull";
