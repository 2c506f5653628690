import { expect, test } from 'vitest';
import { eventsDuring } from '../../src/attribution/events-during.js';

const event = (name: string, start_ns: number, duration_ns: number) => ({ name, label: null, start_ns, duration_ns });

test('events that overlap a span keep their order, and those that only touch it are left out', () => {
  const events = [
    event('reach', 40, 10),
    event('before', 0, 30),
    event('long', 5, 100),
    event('inside', 35, 2),
    event('after', 60, 5),
  ];
  const names = eventsDuring(events, { start_ns: 30, end_ns: 60 }).map(({ name }) => name);
  expect(names).toEqual(['reach', 'long', 'inside']);
  expect(eventsDuring(events, { start_ns: 200, end_ns: 300 })).toEqual([]);
});
