/** Who held a lock in each part of a wait, beside a search of all holders for each part. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstWriter, queueParts, withoutSteals } from '../../src/attribution/lock-queues.js';
import type { LockWait } from '../../src/attribution/trace-model.js';

const ms = 1_000_000;
const wait = { start_ns: 20 * ms, end_ns: 80 * ms };

const span = fc
  .record({
    tid: fc.nat(4),
    start: fc.nat(90),
    length: fc.integer({ min: 1, max: 40 }),
    isWrite: fc.boolean(),
    isShort: fc.boolean(),
  })
  .map(({ tid, start, length, isWrite, isShort }) => ({
    tid,
    isWrite,
    isSure: true,
    mm: 1n,
    start_ns: start * ms,
    end_ns: start * ms + (isShort ? length * 10_000 : length * ms),
  }));
const list = fc.array(span, { maxLength: 15 }).map((all) => all.toSorted((a, b) => a.start_ns - b.start_ns));

test('each part of a wait has the first writer or the last reader, and the first turn, that reach over all of it', () => {
  fc.assert(
    fc.property(list, fc.array(span, { maxLength: 8 }), (all, allTurns) => {
      const meets = (one: { start_ns: number; end_ns: number }) =>
        one.start_ns < wait.end_ns && one.end_ns > wait.start_ns;
      const [holds, turns] = [all.filter(meets), allTurns.filter(meets)];
      const parts = queueParts(wait, holds, turns);
      expect(parts.at(0)?.part.start_ns).toBe(wait.start_ns);
      expect(parts.at(-1)?.part.end_ns).toBe(wait.end_ns);
      parts.forEach(({ part: { start_ns, end_ns }, ...found }, i) => {
        if (i > 0) expect(start_ns).toBe(parts[i - 1]?.part.end_ns);
        const reaches = (one: { start_ns: number; end_ns: number }) => one.start_ns <= start_ns && one.end_ns >= end_ns;
        const during = holds.filter((one) => one.start_ns < end_ns && one.end_ns > start_ns);
        const last = during.reduce<(typeof during)[number] | null>(
          (most, one) => (most === null || one.end_ns > most.end_ns ? one : most),
          null,
        );
        expect(found.holder).toBe(during.find(({ isWrite }) => isWrite) ?? last);
        expect(found.turn?.start_ns).toBe(turns.find(reaches)?.start_ns);
      });
    }),
  );
});

test('a hold of less than a millisecond during the turn of another thread is a steal', () => {
  fc.assert(
    fc.property(list, fc.array(span, { maxLength: 8 }), (holds, turns) => {
      expect(withoutSteals(holds, turns)).toEqual(
        holds.filter(
          (hold) =>
            hold.end_ns - hold.start_ns >= ms ||
            !turns.some(
              (turn) => turn.tid !== hold.tid && turn.start_ns <= hold.start_ns && hold.end_ns <= turn.end_ns,
            ),
        ),
      );
    }),
  );
});

test('the first writer is that which queued first of those that waited all the time', () => {
  const part = { start_ns: 40 * ms, end_ns: 45 * ms };
  fc.assert(
    fc.property(list, fc.nat(4), (queue: readonly LockWait[], other) => {
      const isMeant = ({ tid }: LockWait) => tid !== other;
      expect(firstWriter(queue, part, isMeant)).toBe(
        queue.find(
          (one) => one.isWrite && isMeant(one) && one.start_ns <= part.start_ns && one.end_ns >= part.end_ns,
        ) ?? null,
      );
    }),
  );
});
