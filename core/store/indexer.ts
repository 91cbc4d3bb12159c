/** An answer made of a whole set of items, kept as long as the set: a snapshot with the same items asks nothing again. */
export function indexer<K extends object, V>(make: (items: K) => V): (items: K) => V {
  const made = new WeakMap<K, V>();
  return (items) => {
    let index = made.get(items);
    if (index === undefined) {
      index = make(items);
      made.set(items, index);
    }
    return index;
  };
}
