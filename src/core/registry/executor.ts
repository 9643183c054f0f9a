/** Who carries an approved write out. */
export type Executor = "runner" | "gate" | "forward" | "external_pull";
