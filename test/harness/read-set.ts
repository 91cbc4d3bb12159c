/** The set in a directory as one who only looks sees it. */
import type { SetQuery } from "#core/psm/query.ts";
import { SetView } from "#core/psm/view.ts";

export async function readSet(directory: { readonly path: string }): Promise<SetQuery> {
  const view = new SetView({ node: "n1", stateDirectory: directory.path, procRoot: "/proc", nowMs: () => Date.now() });
  try {
    const query = await view.readNew();
    if (!query) throw new Error("a first look always sees something");
    return query;
  } finally {
    view.close();
  }
}
