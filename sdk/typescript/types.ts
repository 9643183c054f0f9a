export type * from "./answers.ts";
export type * from "./options.ts";
