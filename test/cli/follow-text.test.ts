/** The line of a stall that is shown as it comes. */
import { expect, test } from 'vitest';
import { followedLine } from '../../src/cli/text/follow-text.js';
import { followed, type FollowedStall } from '../../src/jobs/follow-stalls.js';
import { settledAmong } from '../../src/observe/settled-stalls.js';
import { stallFinder } from '../../src/observe/stall-finder.js';
import { fakeStall } from '../support/observation.js';
import { observedThread, off, target } from '../support/observed.js';

const at = '2026-01-31T12:00:04.119Z';

test('has the time, the length and the sentence with its grade', () => {
  expect(followedLine({ at, stall: fakeStall({ at_ms: 5000, length_ms: 200 }) })).toBe(
    `${at}  200 ms: worker-0 (101) waited for \`holder\` [likely]`,
  );
});

test('is one line, and its length is a bound where the stall began before the observation', () => {
  const line = followedLine({ at, stall: { ...fakeStall({ at_ms: 0, length_ms: 300 }), series: 'a\u001b[31mb' } });
  expect(line).toMatch(/^\S+ {2}300 ms or more: /);
  expect(line).not.toMatch(/[\n\u001b]/);
});

test('a stall is shown once, with the time at which it began', () => {
  const finder = stallFinder({ pids: [target], threshold_ns: 20e6 });
  const offs = [off(observedThread('worker', 101), { from: 1000, to: 1100 }, { state: 'runnable' })];
  for (const one of offs) finder.add(one);
  const newStalls = () => {
    const waits = finder.take(Infinity);
    const records = { offs, holds: [], rans: [], exits: new Map<number, number>() };
    const options = { pids: [target], cpuCount: 2, now_ns: 2e9, symbolsOf: () => null };
    return waits.length === 0 ? null : settledAmong(records, waits, options);
  };
  const shown: FollowedStall[] = [];
  const before_ms = Date.now();
  // The observation began 3 s ago.
  const show = followed(
    { newStalls, start_ns: Number(process.hrtime.bigint()) - 3e9 },
    { onStalls: (stalls) => shown.push(...stalls), hasLeft: new Promise(() => undefined) },
    (evidence) => evidence,
  );
  expect([show(), show()]).toEqual([1, 1]);
  expect(shown).toHaveLength(1);
  // It began 2 s before the moment at which the observation counts from; 2 ms for rounding.
  const began_ms = Date.parse(shown[0]?.at ?? '') + 2000;
  expect(began_ms).toBeGreaterThan(before_ms - 2);
  expect(began_ms).toBeLessThan(Date.now() + 2);
  expect(shown[0]?.stall.cause?.cause).toBe('not-scheduled');
});
