/** The waiters of a lock share the parts of their waits: beside the parts that each wait is cut into by itself. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { queueParts, turnsDuring, withoutSteals, type QueuePart } from '../../src/attribution/lock-queues.js';
import {
  inside,
  overlapping,
  type Hold,
  type LockWait,
  type Segment,
  type TraceModel,
  type Waking,
} from '../../src/attribution/trace-model.js';
import { partsOfWait } from '../../src/attribution/wait-parts.js';
import { grouped } from '../../src/base/group.js';

/** A step of 0.2 ms, so that some holds are short enough for a steal. */
const step_ns = 200_000;
const mm = 7n;
const threads = [1, 2, 3, 4, 5];

interface Drawn {
  readonly tid: number;
  readonly wait: number;
  readonly wakings: readonly { readonly after: number; readonly by: number }[];
  readonly sleepsAgain: boolean;
  readonly hold: number;
  readonly pause: number;
  readonly isWrite: boolean;
}

const drawn = fc.record({
  tid: fc.constantFrom(...threads),
  wait: fc.nat(60),
  wakings: fc.array(fc.record({ after: fc.nat(60), by: fc.constantFrom(...threads) }), { maxLength: 3 }),
  sleepsAgain: fc.boolean(),
  hold: fc.nat(12),
  pause: fc.nat(8),
  isWrite: fc.boolean(),
});

/** Each thread waits, is woken now and then, has the lock, and does something else for a while. */
function modelOf(all: readonly Drawn[]): TraceModel {
  const waits: LockWait[] = [];
  const holds: Hold[] = [];
  const segments = new Map<number, Segment[]>();
  const wakings = new Map<number, Waking[]>();
  for (const [tid, list] of grouped(all, (one) => one.tid)) {
    let at_ns = 0;
    for (const one of list) {
      const start_ns = at_ns + one.pause * step_ns;
      const got_ns = start_ns + one.wait * step_ns;
      at_ns = got_ns + one.hold * step_ns;
      if (one.wait > 0) waits.push({ tid, mm, isWrite: one.isWrite, start_ns, end_ns: got_ns });
      if (one.hold > 0) holds.push({ tid, isWrite: one.isWrite, isSure: true, start_ns: got_ns, end_ns: at_ns });
      const woken = one.wakings
        .map(({ after, by }) => ({ time_ns: start_ns + after * step_ns, by }))
        .filter(({ time_ns }) => time_ns <= got_ns)
        .sort((a, b) => a.time_ns - b.time_ns);
      wakings.set(tid, [...(wakings.get(tid) ?? []), ...woken]);
      const slept = woken.flatMap(({ time_ns }): Segment[] => {
        const from_ns = time_ns + step_ns;
        return one.sleepsAgain && from_ns < got_ns
          ? [{ start_ns: from_ns, end_ns: got_ns, scheduling: 'blocked', cpu: 0, wokenBy: null }]
          : [];
      });
      segments.set(tid, [...(segments.get(tid) ?? []), ...slept.slice(0, 1)]);
    }
  }
  const byStart = <T extends { start_ns: number }>(list: T[]): T[] => list.sort((a, b) => a.start_ns - b.start_ns);
  return {
    holds: new Map([[mm, byStart(holds)]]),
    waitsOn: new Map([[mm, byStart(waits)]]),
    waits: grouped(byStart(waits), ({ tid }) => tid),
    segments,
    wakings,
    otherWaits: new Map(),
    mutexWaits: new Map(),
    mutexWaitsOn: new Map(),
    calls: new Map(),
    ran: new Map(),
    names: new Map(),
    ranIsWhole: true,
    outsideFrom_ns: 0,
  };
}

/** The wait by itself: all holds and turns of others are looked for in it. */
function partsAlone(wait: LockWait, model: TraceModel): QueuePart[] {
  const isOther = ({ tid }: { tid: number }) => tid !== wait.tid;
  const turns = turnsDuring(wait, wait.mm, model).filter(isOther);
  const holds = withoutSteals(overlapping(model.holds.get(wait.mm), wait).filter(isOther), turns);
  const edges = new Set(
    [wait, ...holds, ...turns].flatMap(({ start_ns, end_ns }) => [
      Math.max(start_ns, wait.start_ns),
      Math.min(end_ns, wait.end_ns),
    ]),
  );
  const byTime = [...edges].sort((a, b) => a - b);
  return byTime.slice(1).map((end_ns, i) => {
    const part = { start_ns: byTime[i] ?? end_ns, end_ns };
    const meets = (one: { start_ns: number; end_ns: number }) => one.start_ns < end_ns && one.end_ns > part.start_ns;
    const during = holds.filter(meets);
    const last = during.reduce<Hold | null>((a, b) => (a === null || b.end_ns > a.end_ns ? b : a), null);
    return { part, holder: during.find(({ isWrite }) => isWrite) ?? last, turn: turns.find(meets) ?? null };
  });
}

const listed = (wait: LockWait, model: TraceModel): QueuePart[] =>
  partsOfWait(wait, model).flatMap(({ parts, from, to }) => parts.slice(from, to));

test('shared parts are those that the wait has by itself, for all waits and for pieces of them', () => {
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 25 }), fc.nat(300), fc.nat(40), (all, from, length) => {
      const model = modelOf(all);
      const piece = { start_ns: from * step_ns, end_ns: (from + length) * step_ns };
      for (const wait of model.waitsOn.get(mm) ?? []) {
        const found = listed(wait, model);
        const alone = partsAlone(wait, model);
        expect(found.map(({ part }) => part)).toEqual(alone.map(({ part }) => part));
        expect(found.map(({ holder }) => holder)).toEqual(alone.map(({ holder }) => holder));
        expect(found.map(({ turn }) => turn)).toEqual(alone.map(({ turn }) => turn));
        for (const part of inside([wait], piece)) expect(listed(part, model)).toEqual(partsAlone(part, model));
      }
    }),
    { numRuns: 100 },
  );
});

test('the waiters of a convoy have the same objects as parts, apart from the first and the last', () => {
  const convoy = Array.from({ length: 20 }, (_, i): Drawn => {
    const more = { wakings: [], sleepsAgain: false, pause: 0, isWrite: true };
    return { tid: 100 + i, wait: 200 + 5 * i, hold: 5, ...more };
  });
  const model = modelOf([{ ...convoy[0], tid: 1, wait: 0, hold: 200 } as Drawn, ...convoy]);
  const [shorter = [], longer = []] = [18, 19].map((i) =>
    (model.waits.get(100 + i) ?? []).flatMap((wait) => listed(wait, model)),
  );
  expect(longer).toHaveLength(20);
  expect(longer.filter((one) => shorter.includes(one))).toEqual(shorter.slice(1, -1));
  expect(queueParts({ start_ns: 0, end_ns: 1 }, [], [])).toHaveLength(1);
});
