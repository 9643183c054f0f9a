import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cyclesIn, importsBelow } from "./imports.ts";
import { arrowsOf, drawStoreys } from "./storeys.ts";
import { WINGS } from "./walls.ts";

/* Prints the storeys of the source, as its imports draw them: `npm run storeys`. */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const imports = importsBelow(ROOT, ["src", "durable-objects", "cli", "sdk", "verifier"]);
const arrows = arrowsOf(imports);
const rooms = WINGS.flatMap((wing) => wing.rooms);

console.log(drawStoreys(arrows));
console.log(
  `\n${imports.size} files in ${rooms.length} rooms, ${arrows.length} arrows between rooms, ${cyclesIn(imports).length} circles`,
);
