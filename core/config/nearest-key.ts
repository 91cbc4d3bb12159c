/** A suggestion for a key that does not exist: the first valid one that is nearly the same. */

/** `; did you mean 'x'?` or nothing. */
export function nearestKey(key: string, valid: readonly string[]): string {
  const plain = simplify(key);
  const near = valid.find((candidate) => simplify(candidate) === plain || differsByOne(simplify(candidate), plain));
  return near === undefined ? "" : `; did you mean '${near}'?`;
}

/** `PidFile`, `pid-file` and `pid_file` are meant to be the same. */
function simplify(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** One character more, fewer or other, or two neighbours swapped. */
function differsByOne(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const restA = a.slice(start);
  const restB = b.slice(start);
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
