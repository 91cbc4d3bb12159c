/** The kinds of item in the order of panes and documents; apart from kinds.ts, which loads the schemas with them. */
export const KIND_NAMES = [
  "daemons",
  "categories",
  "members",
  "modules",
  "jobs",
  "attachments",
  "endpoints",
  "policies",
  "containers",
  "processes",
  "events",
] as const;

export type Kind = (typeof KIND_NAMES)[number];
