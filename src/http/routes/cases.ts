import { Hono } from "hono";
import type { GateEnv } from "../context.ts";
import { STYLE } from "../pages/style.ts";

/** The pages people decide on: plain HTML, no script. */
export const cases = new Hono<GateEnv>().get("/gate.css", (c) =>
  // Its address changes with its content.
  c.body(STYLE, 200, {
    "Content-Type": "text/css; charset=utf-8",
    "Cache-Control": "public, max-age=31536000, immutable",
  }),
);
