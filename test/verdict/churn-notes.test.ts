/** What is said beside the figures of an arm with a churn. */
import { expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { notesOf } from '../../src/verdict/run/notes.js';
import { armOf, seriesOf, runOf, stalledRun, writer } from './fake-summary.js';
import { noteSentences } from '../support/stated.js';

const series = [seriesOf(writer, [runOf(), runOf(), runOf(), runOf()])];
const churn = { blocks: 900, allocatedBytes: 9e6, refused: 0, ticks: 900, droppedTicks: 100 };
const arm = (name: string, more: Partial<ArmSummary> = {}, of = series): ArmSummary =>
  armOf(name, null, of, { holder: null, regionBytes: null, churn, ...more });
const foreign = (more: Partial<ArmSummary> = {}): ArmSummary =>
  armOf('foreign-control', 'foreign', series, { holder: null, regionBytes: null, churn, ...more });

/** Of an arm in a JVM that logged nothing. */
const jvmOfArm = {
  log: [],
  withoutProbes: null,
  perRun: [],
  removedFromEnvironment: [],
  changedFlags: [],
  isMeantToShrink: false,
  logProblems: [],
  cpu_ns: 1,
};

test('an arm in order has no note', () => {
  expect(noteSentences(notesOf([foreign(), arm('a')], []))).toEqual([]);
});

test('a setting that nothing proves is named once, whichever arms have it', () => {
  const unproven = [{ allocator: 'tcmalloc', key: 'release_rate', asked: '10' }];
  expect(noteSentences(notesOf([foreign({ unproven }), arm('a', { unproven }), arm('b', { unproven })], []))).toEqual([
    'tcmalloc does not report whether release_rate: 10 is in force: it is only proven that the variable was set and that the library knows its name.',
  ]);
});

test('a churn that was held up at more than a tenth of its ticks allocated less than it was asked to', () => {
  expect(
    noteSentences(notesOf([foreign(), arm('a', { churn: { ...churn, ticks: 899, droppedTicks: 101 } })], [])),
  ).toEqual([
    'a: the churn missed 101 of 1,000 ticks (10.1 %, warm-up included), and did less work than asked for by that share. Stalls and pauses of its process hold it up too. If that process has neither, lower the rate, or let it use more CPUs.',
  ]);
});

test('of the loads of a JVM, those that were held up are named, in the control too', () => {
  const jvm = {
    ...jvmOfArm,
    paces: [
      { thread: 'load.heap-wave', ticks: 8, droppedTicks: 2 },
      { thread: 'load.steady-allocation', ticks: 9_000, droppedTicks: 1_000 },
      { thread: 'load.thread-churn', ticks: 0, droppedTicks: 0 },
    ],
  };
  const arms = [foreign({ churn: null, jvm }), arm('a', { churn: null, jvm })];
  expect(noteSentences(notesOf(arms, [])).filter((note) => note.includes('missed'))).toEqual([
    'foreign-control: load.heap-wave missed 2 of 10 ticks (20 %, warm-up included), and did less work than asked for by that share. Stalls and pauses of its process hold it up too. If that process has neither, lower the rate, or let it use more CPUs.',
    'a: load.heap-wave missed 2 of 10 ticks (20 %, warm-up included), and did less work than asked for by that share. Stalls and pauses of its process hold it up too. If that process has neither, lower the rate, or let it use more CPUs.',
  ]);
});

test('operations that the kernel gave up are counted beside all', () => {
  const given = [{ ...seriesOf('writer.madvise_collapse_small', [runOf()]), gaveUp: 3 }];
  const n = given[0]?.service.n ?? 0;
  expect(noteSentences(notesOf([foreign(), arm('a', {}, given)], [])).filter((note) => note.startsWith('a, '))).toEqual(
    [
      `a, writer.madvise_collapse_small: the kernel gave up 3 of ${n} operations, because it found no free huge page or a page in use. It mostly does so before it takes mmap_lock for write, so these operations show less waiting for it; free memory, or leave the victim out.`,
    ],
  );
});

test('lost records of a holder are named, because a stall may lack its cause', () => {
  const named = armOf('a', null, series).holder;
  const holder = named === null ? null : { ...named, lost_records: 2 };
  expect(noteSentences(notesOf([foreign(), arm('a', { holder })], []))).toEqual([
    "a, holder.madvise_free: 2 records of the holder's calls were overwritten before being read: the number of calls, their times and bytes are exact, but a stall may lack the call that caused it.",
  ]);
});

test('a JVM beside a control that is a native process is compared with another kind', () => {
  const [note, ...others] = noteSentences(
    notesOf([foreign(), arm('a'), arm('in-a-jvm', { jvm: jvmOfArm, churn: null })], []),
  );
  expect(note).toBe(
    'in-a-jvm is a JVM and the foreign control a native process: --set controls.of=in-a-jvm gives it a control of the same kind.',
  );
  expect(others).toEqual([]);
  expect(
    noteSentences(
      notesOf([foreign({ jvm: jvmOfArm, churn: null }), arm('in-a-jvm', { jvm: jvmOfArm, churn: null })], []),
    ),
  ).toEqual([]);
});

test('a malloc that was stalled may have waited for the allocator’s own lock', () => {
  const stalled = [
    seriesOf('allocator.malloc_8k', [stalledRun(1, 0.1, 0)]),
    seriesOf('control.timer', [stalledRun(1, 0.1, 0)]),
  ];
  const notes = noteSentences(notesOf([foreign(), arm('a', {}, stalled)], [])).filter((note) => note.startsWith('a: '));
  expect(notes).toEqual([
    'a: allocator.malloc_8k takes no lock of the kernel and was stalled: it waited for the lock of the allocator, or for a CPU.',
    'a: control.timer takes no lock and was stalled too, so some stalls in this arm have another cause, such as a busy CPU.',
  ]);
});

test('a purge that gave back nothing is said, so that an arm without stalls is not taken for an answer', () => {
  const purge = (name: string, releasedBytes: number): Partial<ArmSummary> => {
    const { holder } = armOf('a', null, series);
    if (holder === null) throw new Error('no holder');
    return { holder: { ...holder, name: `holder.${name}`, window_calls: 39, releasedBytes } };
  };
  const notes = (name: string, releasedBytes: number): string[] =>
    noteSentences(notesOf([foreign(), arm('a', purge(name, releasedBytes))], []));
  expect(notes('glibc_trim', 39 * 4096)).toEqual([]);
  expect(notes('glibc_trim', 39 * 4096 - 1)).toEqual([
    'a: 39 calls of glibc_trim gave back nothing, so the arm does not show what a purge does; give the churn more memory to free (live, maxSize, burstPercent), or the allocator a longer decay.',
  ]);
  expect(notes('mimalloc_collect', 0)).toEqual([expect.stringContaining('mi_collect works on the heap of its thread')]);
  expect(notes('madvise_free', 0)).toEqual([]);
});
