/** The events of a JVM that overlap a stall, in the order of all. A run has as many events as stalls: no list is searched whole. */
import type { LoggedEvent } from './evidence.js';
import type { Span } from './link-draft.js';
import { overlapping } from './trace-model.js';

interface Indexed extends Span {
  readonly event: LoggedEvent;
  readonly index: number;
}

const indexes = new WeakMap<readonly LoggedEvent[], readonly Indexed[]>();

export function eventsDuring(events: readonly LoggedEvent[], span: Span): LoggedEvent[] {
  let indexed = indexes.get(events);
  if (indexed === undefined) {
    indexed = events
      .map((event, index) => ({ event, index, start_ns: event.start_ns, end_ns: event.start_ns + event.duration_ns }))
      .sort((a, b) => a.start_ns - b.start_ns);
    indexes.set(events, indexed);
  }
  return overlapping(indexed, span)
    .sort((a, b) => a.index - b.index)
    .map(({ event }) => event);
}
