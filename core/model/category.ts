/** A category of the process set: a name under which vital processes are registered. (Tru64: PSM(4)) */
import * as v from "valibot";

const note = v.description;

export const CategorySchema = v.object({
  id: v.pipe(v.string(), note("node/category/name")),
  kind: v.literal("Category"),
  node: v.string(),
  name: v.pipe(v.string(), note("at most 31 bytes")),
  wellKnown: v.pipe(v.boolean(), note("one of the 28 that exist from the start")),
  members: v.pipe(v.number(), note("running and exited")),
  running: v.number(),
  exited: v.number(),
  failed: v.pipe(v.number(), note("of the exited, those with a status other than 0, or with none that is known")),
});
export type Category = Readonly<v.InferOutput<typeof CategorySchema>>;
