/** `daemon/sshd` is of the fixture's own node. */
export function wholeId(id: string, node: string): string {
  return id.startsWith(`${node}/`) ? id : `${node}/${id}`;
}
