import { sha256Hex } from "../../core/base/digest.ts";
import { BASE } from "./style/base.ts";
import { CASE } from "./style/case.ts";
import { CONTROLS } from "./style/controls.ts";
import { LISTS } from "./style/lists.ts";
import { NARROW } from "./style/narrow.ts";
import { REFERENCE } from "./style/reference.ts";
import { TOKENS } from "./style/tokens.ts";

/** The pages' one stylesheet. System fonts and no pictures: the browser loads nothing else. */
export const STYLE = [TOKENS, BASE, CONTROLS, LISTS, CASE, REFERENCE, NARROW].join("");

/** Part of the stylesheet's URL, so that browsers may cache it as immutable. */
export const STYLE_VERSION = sha256Hex(STYLE).slice(0, 12);
