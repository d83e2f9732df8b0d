/** Items -> lists of those with one key, in the order in which each key and each item first came. */
export function grouped<T, K>(items: Iterable<T>, getKey: (item: T) => K): Map<K, T[]> {
  const lists = new Map<K, T[]>();
  for (const item of items) {
    const key = getKey(item);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [item]);
    else list.push(item);
  }
  return lists;
}
