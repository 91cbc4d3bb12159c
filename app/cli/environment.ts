/** What this host and this user are to muster: Environment out of variables, uid and options. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Environment } from "#core/model/environment.ts";
import { type PlacesInput, placesOf } from "./places.ts";

export function makeEnvironment(input: PlacesInput): Environment {
  const { variables, uid, root } = input;
  const procRoot = `${root}/proc`;
  return { node: nodeName(procRoot), procRoot, root, ...placesOf(input), uid, variables };
}

/** The kernel's name of the node, from the tree that is looked at; ids begin with it, so it may not hold a slash. */
function nodeName(procRoot: string): string {
  let name = "";
  try {
    name = readFileSync(`${procRoot}/sys/kernel/hostname`, "utf8").trim();
  } catch {
    name = hostname();
  }
  return name.replaceAll("/", "_") || "localhost";
}
