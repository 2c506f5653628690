/** What explains a stall that is shown as it comes: the records of its time, and no others. */
import { expect, test } from 'vitest';
import { systemCallNumber } from '../../src/catalogue/system-calls.js';
import { attributed } from '../../src/observe/observation.js';
import { recordsSince, settledAmong } from '../../src/observe/settled-stalls.js';
import { stallFinder } from '../../src/observe/stall-finder.js';
import { hold, observedThread, off, ran, target } from '../support/observed.js';

const ms = 1_000_000;
const [mapper, purger, sleeper] = [
  observedThread('mapper', 101),
  observedThread('purger', 102),
  observedThread('sleeper', 103),
];
const madvise = {
  number: systemCallNumber('madvise') ?? 0,
  arguments: ['7f0000000000', '3000000', '4', '0', '0', '0'],
};

/** A second, and then a stall from `at` on. */
const stalled = (at: number) => ({
  offs: [
    off(sleeper, { from: 10, to: 50 }, { stack: ['aaaa'] }),
    off(
      mapper,
      { from: at, woken: at + 300, to: at + 301 },
      { lock: 'waits', lockPid: target, isWrite: true, waker: purger, stack: ['bbbb'] },
    ),
  ],
  holds: [hold(sleeper, { from: 0, to: 20 }), hold(purger, { from: at - 5, to: at + 300 }, { call: madvise })],
  rans: [ran(sleeper, 0, 10, 20)],
  exits: new Map<number, number>(),
});

test('a stall has its holder, and names of functions are asked for its own time alone', () => {
  const records = stalled(5000);
  const finder = stallFinder({ pids: [target], threshold_ns: 100 * ms });
  for (const one of records.offs) finder.add(one);
  const asked: string[][] = [];
  const settled = settledAmong(records, finder.take(5800 * ms), {
    pids: [target],
    cpuCount: 2,
    now_ns: 6000 * ms,
    symbolsOf(addresses) {
      asked.push([...addresses]);
      return new Map();
    },
  });
  const { stalls } = attributed(settled);
  expect(stalls).toHaveLength(1);
  expect(stalls[0]).toMatchObject({
    start_ns: 5000 * ms,
    duration_ns: 301 * ms,
    stillRunning: false,
    cause: { cause: 'mmap-lock-reader', thread: { name: 'purger' } },
  });
  expect(stalls[0]?.cause?.sentence).toContain('madvise.DONTNEED');
  expect(asked).toEqual([['bbbb']]);
});

test('records that ended before are left out, of each kind', () => {
  const { offs, holds, rans } = recordsSince(stalled(5000), 4000 * ms);
  expect(offs.map(({ thread }) => thread.name)).toEqual(['mapper']);
  expect(holds.map(({ thread }) => thread.name)).toEqual(['purger']);
  expect(rans).toEqual([]);
});
