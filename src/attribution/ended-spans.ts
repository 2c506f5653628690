/**
 * Lists of spans, each listed when its end is seen, so that a list is in that order and its recent part is found without
 * a look at the rest. Pure.
 */
import { partitionPoint } from '../base/sorted.js';
import type { Span } from './link-draft.js';

export type Ended = Span & {
  /** Absent: at its end. */
  readonly seen_ns?: number;
};

export function seenAt({ seen_ns, end_ns }: Ended): number {
  return seen_ns ?? end_ns;
}

export function push<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

/** `seen_ns`: by it each list is in order. Items before `from_ns` stay without a look at them. */
export function keepIn<Key, Item>(
  map: Map<Key, Item[]>,
  seen_ns: (item: Item) => number,
  from_ns: number,
  isWanted: (item: Item) => boolean,
): void {
  for (const [key, list] of map) {
    const first = partitionPoint(list, (item) => seen_ns(item) < from_ns);
    const kept = list.slice(first).filter(isWanted);
    list.length = first;
    for (const item of kept) list.push(item);
    if (list.length === 0) map.delete(key);
  }
}

/** Items from `from_ns` on, in new lists. */
export function recentIn<Key, Item>(
  map: ReadonlyMap<Key, readonly Item[]>,
  seen_ns: (item: Item) => number,
  from_ns: number,
): Map<Key, Item[]> {
  const recent = new Map<Key, Item[]>();
  for (const [key, list] of map) {
    const first = partitionPoint(list, (item) => seen_ns(item) < from_ns);
    if (first < list.length) recent.set(key, list.slice(first));
  }
  return recent;
}

export function lengthOf(map: ReadonlyMap<unknown, readonly unknown[]>): number {
  let length = 0;
  for (const list of map.values()) length += list.length;
  return length;
}
