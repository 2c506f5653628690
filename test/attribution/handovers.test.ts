/** Handovers of a convoy in rows: beside the same drafts one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  draftsOf,
  isHandovers,
  newBlames,
  sharedDrafts,
  type DecidedPart,
  type Piece,
} from '../../src/attribution/handovers.js';
import { draft, unknownLink, type LinkDraft } from '../../src/attribution/link-draft.js';
import { chainOf, reconciled } from '../../src/attribution/links.js';
import type { QueuePart } from '../../src/attribution/lock-queues.js';
import type { LockWait } from '../../src/attribution/trace-model.js';

const us = 1000;

interface Drawn {
  readonly length: number;
  readonly tid: number;
  readonly kind: 'writer' | 'next' | 'unknown' | 'by-waiter' | 'two';
}

const drawn = fc.record({
  length: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 900 }) }, fc.integer({ min: 900, max: 9000 })),
  tid: fc.integer({ min: 1, max: 2 }),
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('writer' as const, 'next' as const) },
    fc.constantFrom('unknown' as const, 'by-waiter' as const, 'two' as const),
  ),
});

function linkOf(part: QueuePart['part'], tid: number, isNext: boolean): LinkDraft {
  const thread = { tid, name: `worker-${tid}`, role: 'other', nice: 0 } as const;
  return draft(part, 'mmap-lock-writer', 'proven', {
    lock: 'mmap_lock write',
    isNext,
    thread,
    call: `call-${tid % 2}`,
  });
}

function decidedAs({ tid, kind }: Drawn, part: QueuePart['part']): DecidedPart {
  if (kind === 'unknown') return { drafts: [unknownLink(part, { code: 'no-holder-seen' })], of: null };
  const drafts = [linkOf(part, tid, kind === 'next')];
  if (kind === 'by-waiter') return { drafts, of: (wait) => [linkOf(part, wait.tid, false)] };
  const middle_ns = Math.floor((part.start_ns + part.end_ns) / 2);
  if (kind === 'two' && middle_ns > part.start_ns)
    return {
      drafts: [linkOf({ ...part, end_ns: middle_ns }, tid, false), linkOf({ ...part, start_ns: middle_ns }, 1, false)],
      of: null,
    };
  return { drafts, of: null };
}

/** One after the other, from 0 on. */
function partsOf(all: readonly Drawn[]): QueuePart[] {
  let end_ns = 0;
  return all.map(({ length }) => {
    const start_ns = end_ns;
    end_ns += length * us;
    return { part: { start_ns, end_ns }, holder: null, turn: null };
  });
}

function piecesOf(all: readonly Drawn[], from: number, to: number): { pieces: Piece[]; drafts: LinkDraft[] } {
  const parts = partsOf(all);
  const decided = all.map((one, i) => decidedAs(one, parts[i]?.part ?? { start_ns: 0, end_ns: 0 }));
  const wait: LockWait = { start_ns: 0, end_ns: 0, mm: 1n, tid: 2, isWrite: true };
  const shared = sharedDrafts(parts, newBlames(), (part) => decided[parts.indexOf(part)] ?? { drafts: [], of: null });
  return {
    pieces: shared.piecesOf(wait, { from, to }),
    drafts: decided.slice(from, to).flatMap(({ drafts, of }) => of?.(wait) ?? drafts),
  };
}

const convoy = fc.array(drawn, { minLength: 1, maxLength: 60 });

test('a chain of rows is the chain of their drafts, with what comes before and after them', () => {
  fc.assert(
    fc.property(convoy, fc.nat(59), fc.nat(60), fc.integer({ min: 1, max: 2 }), (all, a, b, tid) => {
      const [from, to] = [Math.min(a, b, all.length - 1), Math.min(Math.max(a, b), all.length)];
      const { pieces, drafts } = piecesOf(all, from, to);
      expect(pieces.flatMap(draftsOf)).toEqual(drafts);
      const [start_ns, end_ns] = [drafts.at(0)?.start_ns ?? 0, drafts.at(-1)?.end_ns ?? 0];
      const before = linkOf({ start_ns: start_ns - 300 * us, end_ns: start_ns }, tid, false);
      const after = linkOf({ start_ns: end_ns, end_ns: end_ns + 300 * us }, tid, false);
      const whole = { start_ns: before.start_ns, end_ns: after.end_ns };
      const chain = (list: readonly Piece[]) => chainOf([before, ...list, after], whole, 'worker');
      expect(chain(pieces)).toEqual(chain(drafts));
      // The ends of the stall cut a row.
      const piece = { start_ns: start_ns + 700 * us, end_ns: Math.max(end_ns - 500 * us, start_ns + 701 * us) };
      expect(chainOf(pieces, piece, 'worker')).toEqual(chainOf(drafts, piece, 'worker'));
    }),
    { numRuns: 400 },
  );
});

test('another source takes the place of single drafts in a row', () => {
  fc.assert(
    fc.property(convoy, (all) => {
      const { pieces, drafts } = piecesOf(all, 0, all.length);
      const span = { start_ns: 0, end_ns: drafts.at(-1)?.end_ns ?? 0 };
      const other = [draft(span, 'safepoint', 'likely')];
      const expected = drafts.flatMap((one) => (one.cause === 'unknown' ? [one.start_ns] : []));
      const found = reconciled(pieces, other, span).flatMap(draftsOf);
      expect(found).toEqual(reconciled(drafts, other, span));
      expect(found.filter(({ cause }) => cause === 'safepoint').map(({ start_ns }) => start_ns)).toEqual(expected);
    }),
  );
});

test('all handovers of a convoy are one row, apart from those at its ends', () => {
  const all = Array.from({ length: 50 }, (_, i): Drawn => ({
    length: 90,
    tid: i,
    kind: i % 2 === 0 ? 'next' : 'writer',
  }));
  const rows = piecesOf(all, 1, 49).pieces.filter(isHandovers);
  expect(rows.map(({ from, to }) => [from, to])).toEqual([[2, 48]]);
});
