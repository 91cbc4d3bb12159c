/** All kinds in the order of documents. core/model/kinds.ts has the same list, but loads the schemas with it. */
import type { Kind } from "#core/model/kinds.ts";
import { KIND_OUTPUT } from "#core/output/kinds.ts";

export const KIND_NAMES = Object.keys(KIND_OUTPUT) as readonly Kind[];
