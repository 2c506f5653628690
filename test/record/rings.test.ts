import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as layout from '../../src/record/board/board-layout.js';
import { drainRings, type RingCursor } from '../../src/record/board/rings.js';
import { finish, layOut, openFake, pushRecord, type FakeBoard } from './fake-board.js';

const capacity = 8;
const go_ns = 2n ** 61n;

function holderBoard(): FakeBoard {
  const fake = layOut([
    { name: 'hog', role: 4 },
    { name: 'holder', role: 2, ringCapacity: capacity },
  ]);
  fake.words[layout.header.go_ns / 8] = go_ns;
  return fake;
}

function* pushAll(fake: FakeBoard, n: number): Generator<void> {
  for (let i = 0; i < n; i += 1) yield* pushRecord(fake, 1, capacity, i, go_ns);
}

describe('draining a ring', () => {
  test('returns whole records in order, each once, and counts the others as lost, at any interleaving', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(fc.nat(30), { minLength: 1, maxLength: 50 }), (n, bursts) => {
        const fake = holderBoard();
        const writer = pushAll(fake, n);
        let load = 0;
        const board = openFake(fake, () => {
          for (let i = bursts[load++] ?? 0; i > 0; i -= 1) writer.next();
        });
        const seen: number[] = [];
        let lost = 0;
        let cursor: RingCursor = [];
        const drain = (): void => {
          const drained = drainRings(board, cursor);
          cursor = drained.cursor;
          lost += drained.lost[1] ?? 0;
          for (const record of drained.records) {
            const i = Math.floor(record.start_ns / 1000);
            seen.push(i);
            expect(record).toEqual({
              thread: 1,
              start_ns: i * 1000 + 1,
              end_ns: i * 1000 + 2,
              intended_ns: i * 1000,
              bytes: i * 1000 + 3,
              call: i % 3 === 1 ? 'restore' : 'release',
              crossed: i % 3 === 2,
              runDelay_ns: i * 1000 + 4,
              runDelayFrom_ns: i * 1000 + 5,
              onCpu_ns: i * 1000 + 6,
            });
          }
        };
        drain();
        drain();
        finish(writer);
        fake.words[(fake.threadAt(1) + layout.threadField.ended_ns) / 8] = go_ns + 1n;
        drain();
        drain();
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
        expect(seen.length + lost).toBe(n);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps a full ring of a thread that has ended, and gives up its oldest record while it runs', () => {
    const fake = holderBoard();
    finish(pushAll(fake, capacity));
    expect(drainRings(openFake(fake)).lost).toEqual([0, 1]);
    fake.words[(fake.threadAt(1) + layout.threadField.ended_ns) / 8] = go_ns + 1n;
    expect(drainRings(openFake(fake))).toMatchObject({ lost: [0, 0], cursor: [0, capacity] });
  });
});
