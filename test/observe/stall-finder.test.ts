/** Counting and showing stalls as their records come. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endOf, observedStalls, waited_ns } from '../../src/observe/observed-stalls.js';
import type { OffRecord } from '../../src/observe/observed.js';
import { stallFinder } from '../../src/observe/stall-finder.js';
import { observedThread, off, target } from '../support/observed.js';

const ms = 1_000_000;
const options = { pids: [target], threshold_ns: 20 * ms };
const [worker, other] = [observedThread('worker', 101), observedThread('other', 102)];

function finderOf(offs: readonly OffRecord[]) {
  const finder = stallFinder(options);
  for (const one of offs) finder.add(one);
  return finder;
}

/** Of two threads, in the order of their ends: work of 0.05 or 5 ms, and waits or sleeps of up to 60 ms. */
const histories = fc
  .array(
    fc.record({
      thread: fc.constantFrom(worker, other),
      worked: fc.constantFrom(0.05, 5),
      waited: fc.integer({ min: 1, max: 60 }),
      state: fc.constantFrom('blocked', 'runnable', 'stopped', 'asleep'),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    const now = new Map<number, number>();
    return steps
      .map(({ thread, worked, waited, state }) => {
        const from = (now.get(thread.tid) ?? 0) + worked;
        now.set(thread.tid, from + waited);
        return off(thread, { from, to: from + waited, woken: state === 'asleep' ? from + waited : null }, { state });
      })
      .sort((a, b) => a.on_ns - b.on_ns);
  });

describe('the number of stalls so far', () => {
  test('is that of all records at any time', () => {
    fc.assert(
      fc.property(histories, (offs) => {
        const finder = stallFinder(options);
        for (const [i, one] of offs.entries()) {
          finder.add(one);
          const all = { offs: offs.slice(0, i + 1), exits: new Map<number, number>() };
          expect(finder.stalls_n()).toBe(observedStalls(all, Infinity, { ...options, symbols: null }).length);
        }
      }),
    );
  });

  test('does not depend on when stalls are taken', () => {
    fc.assert(
      fc.property(histories, fc.array(fc.nat({ max: 500 })), (offs, delays) => {
        const finder = stallFinder(options);
        for (const [i, one] of offs.entries()) {
          finder.add(one);
          finder.take(one.on_ns - (delays[i] ?? 0) * ms);
        }
        expect(finder.stalls_n()).toBe(finderOf(offs).stalls_n());
      }),
    );
  });

  test('leaves out processes that are not observed', () => {
    expect(finderOf([off(observedThread('agent', 900, 900), { from: 0, to: 100 })]).stalls_n()).toBe(0);
  });
});

describe('the stall of a record', () => {
  test('is whole, also where a part of it was taken', () => {
    const finder = finderOf([off(worker, { from: 10, to: 20 })]);
    expect(finder.add(off(worker, { from: 20.05, to: 40 }))).toEqual({ start_ns: 10 * ms, end_ns: 40 * ms });
    finder.take(Infinity);
    expect(finder.add(off(worker, { from: 40.05, to: 41 }))).toEqual({ start_ns: 10 * ms, end_ns: 41 * ms });
  });

  test('is none where the wait is short, a sleep, or of another process', () => {
    const finder = finderOf([]);
    expect(finder.add(off(worker, { from: 10, to: 29 }))).toBeNull();
    expect(finder.add(off(worker, { from: 30, to: 90 }, { state: 'asleep' }))).toBeNull();
    expect(finder.add(off(observedThread('agent', 900, 900), { from: 0, to: 100 }))).toBeNull();
  });

  test('begins before a wait that goes on with it', () => {
    const finder = finderOf([off(worker, { from: 10, to: 29 })]);
    expect(finder.waitingSince(off(worker, { from: 29.05, to: 100 }))).toBe(10 * ms);
    expect(finder.waitingSince(off(worker, { from: 29.2, to: 100 }))).toBe(29.2 * ms);
    expect(finder.waitingSince(off(other, { from: 29.05, to: 100 }))).toBe(29.05 * ms);
  });
});

describe('stalls that are taken', () => {
  test('are all stalls, each once, whenever they are taken', () => {
    fc.assert(
      fc.property(histories, fc.array(fc.boolean()), (offs, whether) => {
        const finder = stallFinder(options);
        const taken: string[] = [];
        const take = (until_ns: number): void => {
          for (const wait of finder.take(until_ns)) taken.push(`${wait.thread.tid} ${endOf(wait)} ${waited_ns(wait)}`);
        };
        for (const [i, one] of offs.entries()) {
          finder.add(one);
          // What ended a moment ago may go on.
          if (whether[i] === true) take(one.on_ns - 61 * ms);
        }
        take(Infinity);
        const stalls = observedStalls({ offs, exits: new Map() }, Infinity, { ...options, symbols: null });
        const all = stalls.map(
          ({ thread, stall }) => `${thread.tid} ${stall.start_ns + stall.duration_ns} ${stall.duration_ns}`,
        );
        expect(taken.sort()).toEqual(all.sort());
      }),
    );
  });

  test('are over for as long as asked', () => {
    const finder = finderOf([off(worker, { from: 0, to: 100 })]);
    expect(finder.take(99 * ms)).toEqual([]);
    expect(finder.take(100 * ms)).toHaveLength(1);
    expect(finder.take(Infinity)).toEqual([]);
  });

  test('do not come again if they go on: what follows is a part of its own, and no other stall', () => {
    const finder = finderOf([off(worker, { from: 10, to: 40 })]);
    expect(finder.take(Infinity).map(waited_ns)).toEqual([30 * ms]);
    finder.add(off(worker, { from: 40.05, to: 2040.05 }));
    expect(finder.stalls_n()).toBe(1);
    expect(finder.take(Infinity).map(waited_ns)).toEqual([2000 * ms]);
  });
});
