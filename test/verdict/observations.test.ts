/** Comparisons of observations: the slices, what refuses, what is named, and how often it is wrong. */
import { describe, expect, test } from 'vitest';
import type { StoredObservation } from '../../src/bundle/read-observation.js';
import type { ObservedJvm } from '../../src/bundle/observed-jvm-schema.js';
import { seededRandom } from '../../src/stats/prng.js';
import { compareObservations } from '../../src/verdict/compare/observations.js';
import type { Comparison } from '../../src/verdict/compare/compared.js';
import { defaultPolicy } from '../../src/verdict/compare/decide.js';
import { sliceFigures, sliceValues, slicingOf } from '../../src/verdict/evidence/slices.js';
import { statedGap } from '../../src/words/observation-words.js';
import { jvmWith } from '../support/holder-figures.js';
import { fakeStall, observationFile, type FakeObservation, type FakeStall } from '../support/observation.js';

const s = 1e9;
const policy = { ...defaultPolicy, resamples: 400, estimates: false };

function stored(path: string, { stalls = [], ...more }: FakeObservation = {}): StoredObservation {
  const listed = stalls.map(fakeStall);
  const observation = observationFile(listed, more);
  return {
    path,
    observation,
    runs: [],
    missing: observation.missing,
    stalls: listed.map((stall, i) => ({
      ...{ number: i + 1, run: 'observed', arm: 'observed', kernel: null, counted: true, isAfterWindow: false, stall },
    })),
  };
}

/** `n` stalls at random times within a minute. */
function scattered(n: number, seed: number, more: Partial<FakeStall> = {}): FakeStall[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => ({
    at_ms: Math.floor(random() * 59_000),
    length_ms: 30 + Math.floor(random() * 100),
    ...more,
  }));
}

/** A target that is a JVM. */
const javaOf = (more: Partial<ObservedJvm>) => ({
  ...{ pid: 7, name: 'java', threads_n: 23, rssBytes: null },
  jvm: { ...jvmWith('g1', []), ...more },
});

const compare = (...sides: StoredObservation[]): Comparison => compareObservations(sides, { margins: [], policy });
const codes = ({ notes }: Comparison): string[] => notes.map(({ code }) => code);
const before = stored('results/before', { stalls: scattered(60, 1) });

describe('slices', () => {
  test('have the stalls that began in them, per minute, and the longest', () => {
    const { observation, stalls } = stored('one', {
      watched_ns: 12 * s,
      stalls: [
        { at_ms: 0, length_ms: 500 },
        { at_ms: 2999, length_ms: 1000 },
        { at_ms: 3000, length_ms: 200, givesBack: false },
        { at_ms: 11_999, length_ms: 100 },
      ],
    });
    const watched = { ...observation, stalls: stalls.map(({ stall }) => stall) };
    const values = sliceValues(watched, 3 * s);
    expect(sliceFigures.map(({ series, metric }, i) => [series, metric.name, values[i]])).toEqual([
      ['stalls of any reason', 'stalled_seconds_per_minute', [30, 4, 0, 2]],
      ['stalls of any reason', 'stalls_per_minute', [40, 20, 0, 20]],
      ['stalls of any reason', 'longest_ns', [1e9, 2e8, 0, 1e8]],
      ['stalls by giving memory back', 'stalled_seconds_per_minute', [30, 0, 0, 2]],
      ['stalls by giving memory back', 'stalls_per_minute', [40, 0, 0, 20]],
      ['stalls by giving memory back', 'longest_ns', [1e9, 0, 0, 1e8]],
    ]);
    // What is left over at the end is in no slice.
    expect(sliceValues(watched, 5 * s)[1]).toEqual([36, 0]);
  });

  test('are 24 of the shorter observation, each a second or more', () => {
    const of = (...seconds: number[]) =>
      slicingOf(
        seconds.map((n) => ({ watched_ns: n * s, threshold_ns: 2e7, stalls: [] })),
        seededRandom(1),
      )?.slice_ns;
    expect([of(60, 60), of(60, 600), of(23, 60), of(11, 60), of(6, 60), of(5.9, 60)]).toEqual([
      ...[2.5 * s, 2.5 * s, (23 / 12) * s, (11 / 6) * s, s, undefined],
    ]);
  });
});

describe('two observations', () => {
  test('with stalls as often do not differ, and the note says what was divided', () => {
    const compared = compare(before, stored('results/after', { stalls: scattered(60, 2), watched_ns: 61.5 * s }));
    expect(compared.conclusions[0]?.code).toBe('no-difference-found');
    expect(compared.rows.map(({ runs, valuePer }) => [runs.a, runs.b, valuePer])).toEqual(
      Array.from({ length: 6 }, () => [24, 24, 'slice']),
    );
    expect(codes(compared)).toEqual(['slices']);
    expect(compared.notes[0]?.sentence).toMatch(
      /^A value is of a slice of 2\.50 s: 24 of before and 24 of after \(its last 1\.50 s are left out\)\. /,
    );
    expect(compared.verdict).not.toMatch(/\brun/);
    for (const { sentence } of compared.rows) expect(sentence).not.toMatch(/\bruns?\b/);
  });

  test('with a quarter of the stalls are improved', () => {
    const compared = compare(before, stored('results/after', { stalls: scattered(15, 2) }));
    expect(compared.conclusions[0]).toMatchObject({ code: 'improved', valuePer: 'slice' });
    expect(compared.verdict).toMatch(
      /^after against before: improved in \d of 6 metrics, most of all stalls of any reason: /,
    );
  });

  test('with a change in those by giving memory back alone name that', () => {
    const others = scattered(60, 3, { givesBack: false });
    const compared = compare(
      stored('before', { stalls: [...others, ...scattered(40, 4)] }),
      stored('after', { stalls: scattered(60, 5, { givesBack: false }) }),
    );
    const verdicts = new Map(compared.rows.map(({ series, metric, verdict }) => [`${series} ${metric}`, verdict]));
    expect(verdicts.get('stalls by giving memory back stalls_per_minute')).toBe('improved');
  });

  test('of another length compare per minute', () => {
    const twice = [...scattered(60, 6), ...scattered(60, 7).map((one) => ({ ...one, at_ms: one.at_ms + 60_000 }))];
    const compared = compare(before, stored('after', { stalls: twice, watched_ns: 120 * s }));
    expect(compared.rows[1]).toMatchObject({
      metric: 'stalls_per_minute',
      runs: { a: 24, b: 48 },
      mean: { a: 60, b: 60 },
    });
    expect(compared.conclusions[0]?.code).toBe('no-difference-found');
  });
});

test('what would decide is how long to observe', () => {
  const { rows } = compareObservations([before, stored('after', { stalls: scattered(60, 2) })], {
    margins: [],
    policy: { ...policy, estimates: true },
  });
  const [row] = rows.filter(({ wouldDecide }) => wouldDecide?.runs !== null && wouldDecide !== null);
  expect(row?.sentence).toMatch(
    /; observations of about [\d.]+ (s|min) a side would show that it is inside the margin$/,
  );
});

describe('nothing is concluded', () => {
  test.each([
    ['other thresholds', { threshold_ns: 5e7 }, { code: 'other-thresholds' }],
    ['other tiers', { tier: 'sampling' }, { code: 'other-tiers', a: 'ebpf', b: 'sampling' }],
    ['too short a time', { watched_ns: 5 * s, stalls: [] }, { code: 'too-short', watched_ns: 5 * s, needed_ns: 6 * s }],
  ] as const)('from %s', (_, more, refusal) => {
    const compared = compare(before, stored('after', { stalls: scattered(3, 2), ...more }));
    for (const row of compared.rows) {
      expect(row).toMatchObject({ verdict: 'inconclusive', reason: 'refused', p: null });
      expect(row.refusal).toMatchObject(refusal);
    }
    expect(compared.conclusions[0]?.code).toBe('nothing-comparable');
  });

  test('where the JVM of one side alone was asked', () => {
    const asked = javaOf({ attached: { flags: ['-XX:MaxHeapSize=1'], threads_n: 9, events: null, left: [] } });
    const compared = compare(
      stored('before', { stalls: scattered(60, 1), targets: [javaOf({})] }),
      stored('after', { stalls: scattered(60, 2), targets: [asked] }),
    );
    for (const row of compared.rows) expect(row.refusal).toMatchObject({ code: 'other-attached', side: 'after' });
    expect(compared.conclusions[0]?.code).toBe('nothing-comparable');
    expect(codes(compared)).not.toContain('jvms-differ');
  });

  test('by giving memory back, where it is not known whether that is the reason', () => {
    const seldom = scattered(60, 1).map((one, i) => (i % 2 === 0 ? { ...one, givesBack: null } : one));
    const after = stored('results/after', { stalls: seldom });
    const compared = compare(before, after);
    const rows = compared.rows.filter(({ series }) => series === 'stalls by giving memory back');
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      expect(row).toMatchObject({ verdict: 'inconclusive', reason: 'refused', p: null });
      expect(row.refusal).toMatchObject({ code: 'gives-back-unknown', side: 'after', open_n: 30 });
      expect(row.values.b).toEqual([]);
    }
    for (const row of compared.rows.filter(({ series }) => series === 'stalls of any reason'))
      expect(row.refusal).toBeNull();
  });

  test('by giving memory back, but not for pauses of the JVM: these are in the rows of all stalls', () => {
    const pauses = scattered(60, 1).map((one, i) => (i % 2 === 0 ? { ...one, givesBack: 'pause' as const } : one));
    const { rows } = compare(before, stored('results/after', { stalls: pauses }));
    for (const { refusal } of rows) expect(refusal).toBeNull();
  });

  test.each([
    ['could not be read', { runs: [{ name: 'observed', run: null, file: null }] }],
    ['lacks the shorter ones', { missing: [statedGap({ code: 'stalls-left-out', stalls_n: 9, kept_n: 3 })] }],
  ])('from a list of stalls that %s', (_, more) => {
    const after = { ...stored('results/after'), ...more };
    for (const sides of [
      [before, after],
      [after, before],
    ]) {
      const compared = compare(...sides);
      for (const row of compared.rows) {
        expect(row).toMatchObject({ verdict: 'inconclusive', reason: 'refused', p: null });
        expect(row.refusal).toMatchObject({ code: 'stalls-missing', side: 'after' });
        expect(row.values[sides[0] === after ? 'a' : 'b']).toEqual([]);
      }
      expect(compared.conclusions[0]?.code).toBe('nothing-comparable');
      expect(codes(compared)).not.toContain('slices');
    }
  });

  test('and so little of it that nothing changes is no reason', () => {
    const few = scattered(60, 1).map((one, i) => (i === 0 ? { ...one, givesBack: null } : one));
    for (const row of compare(before, stored('results/after', { stalls: few })).rows) expect(row.refusal).toBeNull();
  });

  test('where neighbours are alike by themselves', () => {
    // All stalls of a side are in its first half.
    const burst = (n: number, seed: number): FakeStall[] =>
      scattered(n, seed).map((one) => ({ ...one, at_ms: Math.floor(one.at_ms / 2) }));
    const compared = compare(stored('before', { stalls: burst(200, 1) }), stored('after', { stalls: burst(50, 2) }));
    expect(compared.rows[0]?.refusal).toMatchObject({ code: 'neighbours-alike', piece_ns: 2.5 * s });
    expect(compared.rows[0]?.sentence).toMatch(
      /^neighbouring pieces of 2\.50 s are alike by themselves \(autocorrelation 0\.\d\d, p = 0\.001\), so that slices are no independent values; observe for longer$/,
    );
    // What is not used is not claimed.
    expect(codes(compared)).toEqual([]);
  });

  test('and longer slices are taken where only neighbours of short ones are', () => {
    const bursts = (seed: number): FakeStall[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 60 }, () => random() * 590_000).flatMap((at) =>
        Array.from({ length: 8 }, () => ({
          at_ms: Math.floor(at + random() * 5000),
          length_ms: 30 + Math.floor(random() * 40),
        })),
      );
    };
    const compared = compare(
      ...[3, 4].map((seed) => stored(`of ${seed}`, { stalls: bursts(seed), watched_ns: 600 * s })),
    );
    expect(compared.notes[0]).toMatchObject({ code: 'slices' });
    expect(compared.rows[0]?.runs.a).toBeLessThan(24);
  });
});

describe('what else differs is named', () => {
  const after = (more: FakeObservation): Comparison =>
    compare(before, stored('after', { stalls: scattered(60, 2), ...more }));

  test.each([
    ['the kernel', { kernel: '6.19.0' }, 'the kernel is 6.18.1 in before and 6.19.0 in after'],
    ['the number of CPUs', { cpus: 64 }, 'the number of CPUs is 2 in before and 64 in after'],
  ])('%s', (_, more, sentence) => {
    const { notes } = after(more);
    expect(notes.find(({ code }) => code === 'facts-differ')?.sentence).toContain(sentence);
  });

  test('processes of other names, and of far more threads', () => {
    const target = { pid: 7, name: 'java', threads_n: 24, rssBytes: null, jvm: null };
    expect(codes(after({ targets: [target] }))).toEqual(['slices']);
    expect(codes(after({ targets: [{ ...target, threads_n: 35 }] }))).toEqual(['slices', 'targets-differ']);
    const { notes } = after({ targets: [{ ...target, name: 'postgres' }] });
    expect(notes[1]?.sentence).toBe(
      'before observed java (23 threads), and after observed postgres (24 threads). A difference may come from that.',
    );
  });

  test('the JDK, the collector and the flags of memory of a JVM', () => {
    const sides = (one: Partial<ObservedJvm>, other: Partial<ObservedJvm>): Comparison =>
      compare(
        stored('before', { stalls: scattered(60, 1), targets: [javaOf(one)] }),
        stored('after', { stalls: scattered(60, 2), targets: [javaOf(other)] }),
      );
    const sentences = ({ notes }: Comparison): string[] => notes.slice(1).map(({ sentence }) => sentence);
    expect(sentences(sides({ version: '17.0.15+6' }, { version: '21.0.7+6' }))).toEqual([
      expect.stringContaining('the JDK is 17.0.15+6 in before and 21.0.7+6 in after'),
    ]);
    expect(
      sentences(
        sides(
          { collector: 'g1', flags: ['-XX:+UseG1GC', '-Xmx1g'] },
          { collector: 'zgc', flags: ['-XX:+UseZGC', '-Xmx2g', '-XX:-ZUncommit'] },
        ),
      ),
    ).toEqual([
      'The observed JVMs of before and after differ in collector (g1, zgc); Xmx (-Xmx1g, -Xmx2g); ZUncommit (absent, -XX:-ZUncommit). A difference may come from that.',
    ]);
    const attached = (flag: string) => ({ attached: { flags: [flag], threads_n: 9, events: null, left: [] } });
    const changed = sides(attached('-XX:MaxHeapFreeRatio=70'), attached('-XX:MaxHeapFreeRatio=10'));
    expect(sentences(changed)).toEqual([expect.stringContaining('MaxHeapFreeRatio')]);
    expect(changed.rows[0]?.refusal).toBeNull();
    expect(sentences(sides({ main: 'a.A' }, { main: 'b.B' }))).toEqual([]);
  });

  test('no flag that only unlocks others, and none that the version of one side did not keep', () => {
    const flags = [
      '-XX:+UnlockExperimentalVMOptions',
      '-XX:+ZGenerational',
      '-XX:NewRatio=3',
      '-XX:-UseAdaptiveSizePolicy',
      '-XX:MaxHeapFreeRatio=10',
    ];
    const differing = (flagsVersion: number): string[] =>
      compare(
        stored('before', { stalls: scattered(60, 1), targets: [javaOf({ flags: [], flagsVersion })] }),
        stored('after', { stalls: scattered(60, 2), targets: [javaOf({ flags })] }),
      ).notes.flatMap((note) => (note.code === 'jvms-differ' ? note.settings.map(({ path }) => path) : []));
    expect(differing(2)).toEqual(['ZGenerational', 'NewRatio', 'UseAdaptiveSizePolicy', 'MaxHeapFreeRatio']);
    expect(differing(1)).toEqual(['MaxHeapFreeRatio']);
  });

  test('of several JVMs those of the same program', () => {
    const with2 = (heap: string) => [
      javaOf({ main: 'shop.Shop', flags: [heap] }),
      javaOf({ main: 'shop.Search', flags: ['-Xmx1g'] }),
    ];
    const compared = compare(
      stored('before', { stalls: scattered(60, 1), targets: with2('-Xmx1g') }),
      stored('after', { stalls: scattered(60, 2), targets: with2('-Xmx2g') }),
    );
    expect(compared.notes.find(({ code }) => code === 'jvms-differ')).toMatchObject({
      settings: [{ path: 'shop.Shop.Xmx', a: '-Xmx1g', b: '-Xmx2g' }],
    });
  });

  test('what an observation did not see', () => {
    const gap = statedGap({ code: 'records-dropped', records_n: 9 });
    expect(after({ missing: [gap, statedGap({ code: 'sleeps-not-judged' })] }).notes[1]).toMatchObject({
      code: 'not-all-seen',
      side: 'after',
      gaps: ['records-dropped'],
    });
  });
});

test('of observations that are alike, few are said to differ; of a change to a quarter, most', () => {
  const quick = { margins: [], policy: { ...policy, resamples: 20 } };
  const differing = (n: number): number =>
    Array.from({ length: 12 }, (_, i) =>
      compareObservations(
        [stored('a', { stalls: scattered(40, 100 + i) }), stored('b', { stalls: scattered(n, 900 + i) })],
        quick,
      ),
    ).filter(({ conclusions }) => ['improved', 'regressed', 'differs-unnamed'].includes(conclusions[0]?.code ?? ''))
      .length;
  // At 5 % it is 4 or more in 0.2 % of such series; bench/compare/observations.mjs has the rates.
  expect(differing(40)).toBeLessThan(4);
  expect(differing(10)).toBeGreaterThan(9);
});
