/** What is said beside the figures of an arm with a JVM. */
import { expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { compareArms, findingOf } from '../../src/verdict/run/finding.js';
import { judge } from '../../src/verdict/run/judge.js';
import { notesOf } from '../../src/verdict/run/notes.js';
import { noteSentences } from '../support/stated.js';
import { armOf, kernelNamed, runOf, seriesOf, stalledRun, writer } from './fake-summary.js';

type JvmFigures = NonNullable<ArmSummary['jvm']>;

const series = [seriesOf(writer, [runOf(), runOf(), runOf(), runOf()])];
const inOrder: JvmFigures = {
  log: [],
  cpu_ns: 1,
  withoutProbes: null,
  perRun: [],
  logProblems: [],
  removedFromEnvironment: [],
  changedFlags: [],
  isMeantToShrink: false,
};
const jvmArm = (name: string, more: Partial<JvmFigures> = {}, control: ArmSummary['control'] = null): ArmSummary =>
  armOf(name, control, series, { holder: null, regionBytes: null, jvm: { ...inOrder, ...more } });
const notes = (...arms: readonly ArmSummary[]): string[] =>
  noteSentences(notesOf([jvmArm('foreign-control', {}, 'foreign'), ...arms], []));

test('a flag to which the JDK gave another value, or that it ignores, is named once for all arms', () => {
  const changedFlags = [
    { flag: 'G1HeapRegionSize', asked: '3m', actual: '4194304' },
    { flag: 'ZGenerational', asked: 'true', actual: null },
  ];
  expect(notes(jvmArm('a', { changedFlags }), jvmArm('b', { changedFlags }))).toEqual([
    'The JDK gave the flag G1HeapRegionSize the value 4194304, and not 3m as in the profile.',
    'The JDK ignores the flag ZGenerational (true in the profile): it has no such setting any more.',
  ]);
  expect(notes(jvmArm('a'))).toEqual([]);
});

test('of several JDKs it is said which of them changed a flag', () => {
  const changedFlags = [{ flag: 'UseOld', asked: 'true', actual: null }];
  const under = (jdk: string, more: Partial<JvmFigures> = {}): ArmSummary => ({ ...jvmArm(`a@${jdk}`, more), jdk });
  expect(notes(under('jdk-17'), under('jdk-26', { changedFlags }), under('jdk-27', { changedFlags }))).toEqual([
    'The JDK (jdk-26 and jdk-27) ignores the flag UseOld (true in the profile): it has no such setting any more.',
  ]);
});

test('calls that a trace counted are said by arm, with their mean size', () => {
  const issued = [
    { call: 'mmap.NONE', by: 'Shen*', n: 4, bytes: 528 * 1024 },
    { call: 'munmap', by: null, n: 0, bytes: 0 },
  ];
  expect(notes({ ...jvmArm('a'), issued })).toEqual([
    'a: in 4 windows the trace has 4 mmap.NONE of 528 KiB by "Shen*" (132 KiB a call) and 0 munmap of 0 B.',
  ]);
});

test('flags that no JDK read back are not taken for flags in force', () => {
  expect(notes(jvmArm('a', { changedFlags: null }))).toEqual([
    'A JDK did not print the values of its flags, so it is not proven that the flags of the profile are in force.',
  ]);
});

const loggedSeries = (name: string, n: number, max_ns: number, total_ns: number): JvmFigures['log'] => [
  {
    name,
    durations: {
      n,
      min_ns: 1,
      mean_ns: 1,
      p50_ns: 1,
      p90_ns: 1,
      p99_ns: 1,
      p99_9_ns: null,
      p99_99_ns: null,
      max_ns,
    },
    long_count: 0,
    total_ns,
    inWindow_ns: total_ns,
  },
];
const uncommit = (n: number): JvmFigures['log'] => loggedSeries('gc.uncommit', n, 1, n);

test('pauses between operations, which are no stalls, are said where they take more of the time than stalls do', () => {
  // The windows of an arm are 40 s in all.
  const paused = (longest_ms: number, total_s: number): Partial<JvmFigures> => ({
    log: loggedSeries('safepoint.total', 9, longest_ms * 1e6, total_s * 1e9),
  });
  expect(notes(jvmArm('a', paused(2170, 30)), jvmArm('b', paused(99, 30)), jvmArm('c', paused(800, 4)))).toEqual([
    'A pause of the JVM between two operations is no stall: it makes the next operation late, which only the response time shows. By its log the JVM was paused for 75 % of the time in a (up to 2.17 s at a time) and 10 % of the time in c (up to 800 ms at a time).',
  ]);
  // The arms have their kernels in their names, so the note has none before it.
  const kernels = ['6.16.12', '6.17.13'].map((name) => kernelNamed(name));
  const all = kernels.map(({ name: kernel }, i) => ({ ...jvmArm('a', paused(800 + i, 4)), kernel }));
  const judged = judge({ arms: all, kernels, status: 'complete', degraded: [] });
  expect(judged.notes.filter(({ code }) => code === 'pauses-beside-stalls')).toMatchObject([
    { onKernel: null },
    { onKernel: null },
  ]);
  const stalled = [
    seriesOf(
      writer,
      [1, 2, 3, 4].map(() => runOf({ stalled_share: 0.2 })),
    ),
  ];
  expect(notes({ ...jvmArm('c', paused(800, 4)), series: stalled })).toEqual([]);
});

const logged = (...uncommits: readonly number[]): Partial<JvmFigures> => ({
  isMeantToShrink: true,
  perRun: uncommits.map((n, i) => ({
    run: `00${i}-a`,
    status: 'complete',
    cpu_ns: 1,
    over_ns: 1,
    window_ns: 10e9,
    log: n === 0 ? [] : uncommit(n),
  })),
});
const findings = (arm: ArmSummary): string[] =>
  compareArms([jvmArm('foreign-control', {}, 'foreign'), arm]).map((one) => findingOf(one).code);

test('an arm that is set up to give heap back and kept it in some run never counts as one without stalls', () => {
  expect(findings(jvmArm('a', logged(3, 2)))).toEqual(['like-foreign']);
  expect(notes(jvmArm('a', logged(3, 2)))).toEqual([]);
  const kept = jvmArm('a', logged(3, 0));
  expect(findings(kept)).toEqual(['heap-kept']);
  expect(notes(kept)).toEqual([
    'a: by its log, the JVM gave no heap back in 1 of 2 runs, so the arm does not show what giving back does; use a longer window (--duration), or flags by which this JDK gives heap back (docs/jvm.md).',
  ]);
  expect(findings(jvmArm('a', { ...logged(0), isMeantToShrink: false }))).toEqual(['like-foreign']);
});

test('a log that may lack returns of heap proves no absence', () => {
  const logProblems = [{ code: 'uncommit-without-length', sentence: 'no length' }];
  expect(notes(jvmArm('a', { ...logged(0), logProblems }))).toEqual([]);
});

const counted = (heapReturns_n: number | null): Partial<JvmFigures> => ({
  ...logged(0),
  logProblems: [{ code: 'uncommit-without-length', sentence: 'no length' }],
  perRun: (logged(0).perRun ?? []).map((run) => ({ ...run, heapReturns_n })),
});

test('returns without a length are returns, and without any the heap was kept', () => {
  expect(findings(jvmArm('a', counted(2)))).toEqual(['like-foreign']);
  expect(findings(jvmArm('a', counted(0)))).toEqual(['heap-kept']);
});

test('a foreign control whose second JVM kept its heap says so', () => {
  const control = jvmArm('foreign-control', counted(0), 'foreign');
  expect(noteSentences(notesOf([control, jvmArm('a')], []))).toEqual([
    'foreign-control: by its log, the JVM with the loads gave no heap back in 1 of 1 run, so that run controls nothing; use a longer window (--duration), or let controls.of name an arm that gives heap back under this JDK (docs/jvm.md).',
  ]);
});

const gives = (collector: string, load = 'heap_wave', allocator = 'glibc'): NonNullable<JvmFigures['gives']> => ({
  collector,
  allocator: { name: allocator, settings: allocator === 'glibc' ? {} : { dirty_decay_ms: '500' } },
  loads: [load],
});

test('JVMs that give memory back by something else than the control’s are named in the notes and beside the stalls', () => {
  const kernels = ['6.16.12', '6.17.13'].map((name) => kernelNamed(name));
  const stalled = [seriesOf(writer, [stalledRun(3, 0.2), stalledRun(3, 0.2)])];
  const arms = kernels.flatMap(({ name: kernel }) =>
    ['jdk-17', 'jdk-28'].flatMap((jdk) =>
      [
        jvmArm('idle-control', {}, 'idle'),
        jvmArm(`foreign-control@${jdk}`, { gives: gives('g1') }, 'foreign'),
        jvmArm(`same@${jdk}`, { gives: gives('g1') }),
        { ...jvmArm(`zgc@${jdk}`, { gives: gives('zgc') }), series: stalled },
        jvmArm(`free@${jdk}`, { gives: gives('g1', 'malloc_churn', 'jemalloc') }),
      ].map((arm) => ({ ...arm, kernel, jdk })),
    ),
  );
  const judged = judge({ arms, kernels, status: 'complete', degraded: [] });
  expect(judged.notes.flatMap(({ code, sentence }) => (code === 'control-of-other-jvm' ? [sentence] : []))).toEqual([
    'The JVM that gives memory back has zgc with heap_wave in zgc and jemalloc (dirty_decay_ms: 500) and g1 with malloc_churn in free, and g1 with heap_wave in the foreign control. So it is not shown what the former do from another process; --set controls.of=ARM gives an arm a control of its kind.',
  ]);
  expect(judged.verdict).toContain(
    'while with the holder in another process (g1 with heap_wave in place of that of zgc@jdk-17 and zgc@jdk-28) or idle none was stalled',
  );
  // The end of an arm's name may look like a kernel.
  const named = arms.map((arm) =>
    arm.name.startsWith('free@') ? { ...arm, jdk: null, name: `free on ${arm.kernel}` } : arm,
  );
  expect(
    judge({ arms: named, kernels, status: 'complete', degraded: [] }).notes.filter(
      ({ code }) => code === 'control-of-other-jvm',
    ),
  ).toMatchObject([
    { arms: [{ arm: 'zgc' }, { arm: 'free on 6.16.12' }] },
    { arms: [{ arm: 'zgc' }, { arm: 'free on 6.17.13' }] },
  ]);
  const alike = arms.map((arm) => (arm.jvm === null ? arm : { ...arm, jvm: { ...arm.jvm, gives: gives('zgc') } }));
  const { notes: none, verdict } = judge({ arms: alike, kernels, status: 'complete', degraded: [] });
  expect(none.map(({ code }) => code)).not.toContain('control-of-other-jvm');
  expect(verdict).toContain('while with the holder in another process or idle none was stalled');
});

test('loads in another order or twice give memory back by the same', () => {
  const control = { ...gives('g1'), loads: ['malloc_churn', 'direct_buffers'] };
  const arm = { ...gives('g1'), loads: ['direct_buffers', 'malloc_churn', 'malloc_churn'] };
  const codes = (own: typeof arm): string[] =>
    notesOf([jvmArm('foreign-control', { gives: control }, 'foreign'), jvmArm('a', { gives: own })], []).map(
      ({ code }) => code,
    );
  expect(codes(arm)).not.toContain('control-of-other-jvm');
  expect(codes({ ...arm, loads: ['malloc_churn'] })).toContain('control-of-other-jvm');
});

test('a JVM that may give memory back off its heap shows by its log alone what it gave, not that it gave nothing', () => {
  const offHeap = { ...counted(0), givesOffHeap: true };
  expect(findings(jvmArm('a', offHeap))).toEqual(['like-foreign']);
  const uncounted = [seriesOf(writer, [runOf({ holder_calls: null })])];
  const codes = (jvm: Partial<JvmFigures>): string[] =>
    notesOf([jvmArm('foreign-control', offHeap, 'foreign'), { ...jvmArm('a', jvm), series: uncounted }], []).map(
      ({ code }) => code,
    );
  expect(codes(offHeap)).toEqual(['returns-unseen']);
  expect(codes({ ...counted(2), givesOffHeap: true })).toEqual([]);
});

test('without stalls, it is said of which arms nothing shows that they gave memory back', () => {
  const uncounted = [
    seriesOf(
      writer,
      [1, 2, 3, 4].map(() => runOf({ holder_calls: null })),
    ),
  ];
  const unseen = (jvm: Partial<JvmFigures>, of = uncounted): string[] => {
    const arm = { ...jvmArm('a', jvm), series: of };
    return notesOf([jvmArm('foreign-control', {}, 'foreign'), arm], []).flatMap((note) =>
      note.code === 'returns-unseen' ? note.arms : [],
    );
  };
  const offHeap = { givesOffHeap: true };
  expect(unseen(offHeap)).toEqual(['a']);
  expect(unseen(counted(null))).toEqual(['a']);
  // A trace counted them, the log has them, the heap alone is under test, and victims were blocked.
  expect(unseen(offHeap, series)).toEqual([]);
  expect(unseen(counted(2))).toEqual([]);
  expect(unseen({ givesOffHeap: false })).toEqual([]);
  const blocked = [1, 2, 3, 4].map(() => ({ ...stalledRun(1, 0.1), holder_calls: null }));
  expect(unseen(offHeap, [seriesOf(writer, blocked)])).toEqual([]);
});
