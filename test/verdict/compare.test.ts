import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../src/record/histogram/hlog.js';
import { compareSides, type CompareOptions } from '../../src/verdict/compare/compare.js';
import type { CompareRow, Comparison } from '../../src/verdict/compare/compared.js';
import { defaultPolicy } from '../../src/verdict/compare/decide.js';
import { chooseMetrics, metricsFor, parsePercent } from '../../src/verdict/evidence/metrics.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { stalled, valuesWithP99, writeFakeBundle, type FakeBundle, type FakeRun } from './fake-bundle.js';
import { ms } from './fake-summary.js';
import { said } from '../support/stated.js';
import { sentencesOf } from '../../src/facts/stated.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pauselab-compare-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true });
  });
  return path;
}

function bundle(name: string, fake: FakeBundle): string {
  const path = join(folder(), name);
  writeFakeBundle(path, fake);
  return path;
}

function compare(paths: readonly string[], options: Partial<CompareOptions> = {}): Comparison {
  return compareSides(
    paths.map((path) => readSide(path, { threshold_ns: 100 * ms })),
    { metrics: metricsFor([99]), margins: [], arms: [], policy: { ...defaultPolicy, resamples: 500 }, ...options },
  );
}

function row(comparison: Comparison, metric: string): CompareRow {
  const found = comparison.rows.find((one) => one.metric === metric);
  if (found === undefined) throw new Error(`no ${metric} among ${comparison.rows.map((one) => one.metric).join(', ')}`);
  return found;
}

function failureOf(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** `n` runs, each a bit different; what is given holds for all. */
function runs(n: number, of: (i: number) => FakeRun = () => ({})): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({ values_ns: valuesWithP99(20_000 + i * 100), ...of(i) }));
}

describe('two bundles', () => {
  test('a p99 that doubled, and stalls that came, are regressions; what stayed is equivalent', () => {
    const a = bundle('before', { runs: runs(8) });
    const b = bundle('after', {
      runs: runs(8, (i) => ({ values_ns: valuesWithP99(40_000 + i * 100), stalls: stalled(3 + (i % 2)) })),
    });
    const comparison = compare([a, b]);
    expect(Object.fromEntries(comparison.rows.map(({ metric, verdict }) => [metric, verdict]))).toEqual({
      stalled_share: 'regressed',
      stalls_per_minute: 'regressed',
      longest_ns: 'regressed',
      blocked_per_minute: 'regressed',
      'service.p99_ns': 'regressed',
      'response.p99_ns': 'regressed',
    });
    expect(row(comparison, 'stalls_per_minute').values).toEqual({
      a: Array(8).fill(0),
      b: [18, 24, 18, 24, 18, 24, 18, 24],
    });
    expect(row(comparison, 'service.p99_ns').ratio?.estimate).toBeCloseTo(1.98, 1);
    expect(comparison.verdict).toMatch(
      /^after against before: regressed in 6 of 6 metrics, most of all free, writer\.mprotect: /,
    );
    expect(compare([b, a]).verdict).toContain('improved in 6 of 6 metrics');
    expect(compare([a, bundle('again', { runs: runs(8) })]).verdict).toBe(
      'again against before: equivalent in all 6 metrics.',
    );
  });

  test('the runs are not pooled: one run with all the stalls of ten is no regression', () => {
    const b = bundle('b', { runs: runs(10, (i) => (i === 0 ? { stalls: stalled(18) } : {})) });
    expect(row(compare([bundle('a', { runs: runs(10) }), b]), 'stalls_per_minute')).toMatchObject({
      verdict: 'inconclusive',
      reason: 'not-significant',
    });
  });

  test('three bundles: each against the first, all in one family', () => {
    const [a, b, c] = [
      bundle('a', { runs: runs(8) }),
      bundle('b', { runs: runs(8) }),
      bundle('c', { runs: runs(8, () => ({ stalls: stalled(2) })) }),
    ];
    const comparison = compare([a, b, c]);
    expect(comparison.rows).toHaveLength(12);
    expect(comparison.verdict).toBe(
      `b against a: equivalent in all 6 metrics. ${comparison.verdict.slice(comparison.verdict.indexOf('c against a'))}`,
    );
    expect(comparison.verdict).toContain('c against a: regressed in 4 of 6 metrics');
  });

  test('two runs a side: inconclusive, with what would decide', () => {
    const comparison = compare([
      bundle('a', { runs: runs(2) }),
      bundle('b', { runs: runs(2, () => ({ stalls: stalled(2) })) }),
    ]);
    expect(row(comparison, 'stalls_per_minute')).toMatchObject({ verdict: 'inconclusive', reason: 'too-few-runs' });
    expect(row(comparison, 'stalls_per_minute').sentence).toMatch(
      /^with 2 and 2 runs and these values no p below 0\.33 exists; about \d+ runs of 10\.0 s a side would show a difference like this one$/,
    );
    expect(comparison.verdict).toContain('so few runs (2 and 2) cannot show any difference, however large it is');
  });

  test('four runs a side show 63 % → 0 %, in all figures and by name', () => {
    const a = bundle('before', { runs: runs(4, (i) => ({ stalls: stalled(12 + (i % 2)) })) });
    const comparison = compare([a, bundle('after', { runs: runs(4) })]);
    expect(row(comparison, 'stalled_share')).toMatchObject({ verdict: 'improved', pAdjusted: 2 / 70 });
    expect(comparison.joint).toMatchObject([
      { candidate: 'after', finding: 'named', p: 2 / 70, smallestP: 2 / 70, sidedness: 'two' },
    ]);
  });

  test('one stalled run of eight: neither that all runs are equal, nor that no difference was found', () => {
    const comparison = compare(
      [bundle('a', { runs: runs(4, (i) => ({ stalls: stalled(i === 0 ? 1 : 0) })) }), bundle('b', { runs: runs(4) })],
      { metrics: metricsFor([]) },
    );
    expect(row(comparison, 'stalled_share').sentence).toMatch(
      /^with 4 and 4 runs and these values no p below 1 exists/,
    );
    expect(comparison.verdict).toBe(
      'b against a: these runs could not have shown a difference, because in each metric too few of them differ from the others: of 4 metrics 4 inconclusive.',
    );
    expect(
      row(
        compare([bundle('a', { runs: runs(4) }), bundle('b', { runs: runs(4) })], { metrics: metricsFor([]) }),
        'stalled_share',
      ).sentence,
    ).toMatch(/^all runs are equal, but 4 and 4 are too few to show that further runs would be/);
  });

  test('a change that no single figure shows is one of all of them', () => {
    const arms = (of: (arm: number, round: number) => number): FakeRun[] =>
      Array.from({ length: 12 }, (_, arm) =>
        Array.from({ length: 6 }, (__, round) => ({
          arm: `arm-${arm}`,
          stalls: stalled(of(arm, round)),
          run: { repetition: round + 1 },
        })),
      ).flat();
    const comparison = compare(
      [bundle('a', { runs: arms(() => 0) }), bundle('b', { runs: arms((arm, round) => (arm % 6 === round ? 1 : 0)) })],
      { metrics: metricsFor([]) },
    );
    expect(comparison.joint[0]?.finding).toBe('unnamed');
    expect(comparison.verdict).toMatch(
      /^b against a: they differ \(p = 0\.00\d+\), but no single metric is certain to: of 48 metrics 48 are beyond their margins, most of all /,
    );
  });

  test('other percentiles come from the histograms', () => {
    const path = bundle('a', { runs: runs(6) });
    const comparison = compare([path, path], { metrics: metricsFor([95, 99.95]) });
    expect(row(comparison, 'service.p95_ns').values.a[0]).toBeLessThan(6_100);
    expect(row(comparison, 'service.p99_95_ns')).toMatchObject({ p: null, reason: 'refused' });
    expect(row(comparison, 'service.p99_95_ns').refusal?.sentence).toMatch(
      /n too small: p99.95 needs 7376 operations a run, at this rate a window of 73\.8 s/,
    );
  });
});

describe('what is no evidence is left out or refused, and said', () => {
  const clean = runs(6);

  test('spoiled, partial, failed and idle runs', () => {
    const b = bundle('b', {
      runs: [
        ...clean,
        { stalls: stalled(9), run: { disturbances: [said('steal')] } },
        {
          stalls: stalled(9),
          run: { status: 'partial', window: { windowStart_ns: -19e6, windowEnd_ns: -19e6, drainEnd_ns: 0 } },
        },
        { values_ns: [] },
      ],
      status: 'partial',
    });
    const comparison = compare([bundle('a', { runs: clean }), b]);
    expect(row(comparison, 'stalls_per_minute')).toMatchObject({ runs: { a: 6, b: 6 }, verdict: 'equivalent' });
    expect(sentencesOf(comparison.notes).join('\n')).toMatch(
      /b: 1 run of 9 is disturbed by other activity on the machine, and left out\.\nb: 1 run of 9 was cut short, and is left out: figures of windows.*\nb: the experiment is not complete \(partial\)\.\nb: free, writer\.mprotect: in 1 run no operation was made; it is left out\./,
    );
  });

  test('a series of which nothing due was served was stalled all the time, also in a bundle that counted no stall', () => {
    const stuck = bundle('b', {
      runs: runs(6, () => ({ values_ns: [], figures: { unserved: 6000, saturated: true } })),
    });
    const comparison = compare([bundle('a', { runs: clean }), stuck]);
    expect(row(comparison, 'stalled_share')).toMatchObject({
      runs: { a: 6, b: 6 },
      mean: { b: 1 },
      verdict: 'regressed',
    });
    expect(row(comparison, 'longest_ns')).toMatchObject({ mean: { b: 10e9 }, verdict: 'regressed' });
    expect(sentencesOf(comparison.notes).join()).not.toContain('left out');
  });

  test('only spoiled runs: there is nothing to compare', () => {
    const comparison = compare(
      [
        bundle('a', { runs: clean }),
        bundle('b', { runs: clean.map((run) => ({ ...run, run: { disturbances: [said('steal')] } })) }),
      ].slice(),
      {},
    );
    expect(comparison.rows.every(({ p }) => p === null)).toBe(true);
  });

  test('a saturated series has no response percentile, even if only one run is', () => {
    const b = bundle('b', { runs: runs(6, (i) => (i === 3 ? { figures: { saturated: true } } : {})) });
    const comparison = compare([bundle('a', { runs: clean }), b]);
    expect(row(comparison, 'response.p99_ns')).toMatchObject({ verdict: 'inconclusive', reason: 'refused', p: null });
    expect(row(comparison, 'response.p99_ns').sentence).toMatch(
      /^saturated: .* in 1 run of 12, and leaving these out would flatter a side$/,
    );
  });

  test('degraded is in the first line and in the notes; lost records and used up pages are noted', () => {
    const b = bundle('b', {
      runs: runs(6, () => ({
        run: {
          degraded: [said('nice of holder')],
          unproven: [{ process: 'jvm', allocator: 'jemalloc', key: 'narenas', asked: '3' }],
        },
        figures: { lost_records: 2, exhausted: 5 },
      })),
    });
    const { verdict, notes } = compare([bundle('a', { runs: clean }), b]);
    expect(verdict).toContain('The set-up was not as asked for');
    expect(sentencesOf(notes).join('\n')).toMatch(
      /nice of holder[^]*not proven to be in force: narenas=3 of jemalloc\.[^]*records of slow operations were lost in 6 runs[^]*used up its fresh pages/,
    );
  });

  test('an experiment that is not whole is in the first line', () => {
    const [a, b] = [bundle('a', { runs: runs(6, () => ({ stalls: stalled(5) })) }), bundle('b', { runs: clean })];
    expect(compare([a, b]).verdict).not.toContain('may not hold');
    const cut = bundle('b', { runs: clean, status: 'partial' });
    expect(compare([a, cut]).verdict).toMatch(
      /: improved in .* This may not hold, because the experiment b is not complete \(partial\)\.$/,
    );
    expect(compare([cut, a]).verdict).toMatch(
      /: regressed in .* This may not hold, because the experiment b is not complete/,
    );
  });

  describe('figures that may be too good', () => {
    const stalling = runs(6, (i) => ({ stalls: stalled(5 + (i % 2)) }));
    const times = { min_ns: null, p50_ns: null, p90_ns: null, p99_ns: null, p99_9_ns: null, p99_99_ns: null };
    const idle: FakeRun['run'] = {
      holder: {
        name: 'holder.madvise_free',
        service: { ...times, n: 0, mean_ns: null, max_ns: null },
        hold_ns: null,
        calls_cpu_ns: 0,
        window_calls: 0,
        crossed_calls: 0,
        releasedBytes: 0,
        lost_records: 0,
      },
    };
    const verdictsOf = (a: readonly FakeRun[], b: readonly FakeRun[]): Record<string, string> => {
      const { rows } = compare([bundle('a', { runs: a }), bundle('b', { runs: b })]);
      return Object.fromEntries(
        rows.map(({ metric, verdict, refusal }) => [metric, refusal === null ? verdict : refusal.code]),
      );
    };
    const stallFigures = ['stalled_share', 'stalls_per_minute', 'longest_ns', 'blocked_per_minute'];
    const times_ = ['service.p99_ns', 'response.p99_ns'];

    test.each<[string, FakeRun, readonly string[]]>([
      ['a holder that made no call', { run: idle }, [...stallFigures, ...times_]],
      ['a victim that used up its pages', { figures: { exhausted: 3 } }, [...stallFigures, ...times_]],
      ['lost records', { figures: { lost_records: 3 } }, ['stalled_share', 'blocked_per_minute']],
      ['work that the kernel gave up', { figures: { gaveUp: 11 } }, [...stallFigures, ...times_]],
      ['a saturated series', { figures: { saturated: true } }, [...stallFigures, 'service.p99_ns']],
    ])('%s: the candidate has not improved, a worse one has regressed', (_, flaw, concerned) => {
      const quiet = runs(6, () => flaw);
      const better = verdictsOf(stalling, quiet);
      for (const metric of concerned) expect([metric, better[metric]]).toEqual([metric, 'side-flawed']);
      for (const metric of stallFigures.filter((one) => !concerned.includes(one)))
        expect([metric, better[metric]]).toEqual([metric, 'improved']);
      // Nor is it equal to a reference without a stall.
      expect(verdictsOf(clean, quiet)[concerned[0] ?? '']).toBe('side-flawed');
      const worse = runs(6, (i) => ({ ...flaw, stalls: { ...stalled(5 + (i % 2)), ...flaw.stalls } }));
      for (const metric of stallFigures)
        expect([metric, verdictsOf(clean, worse)[metric]]).toEqual([metric, 'regressed']);
      // Of a reference that may be too good, what is better has improved, and nothing has regressed.
      for (const metric of stallFigures)
        expect([metric, verdictsOf(worse, clean)[metric]]).toEqual([metric, 'improved']);
      for (const metric of concerned.filter((one) => stallFigures.includes(one)))
        expect([metric, verdictsOf(quiet, stalling)[metric]]).toEqual([metric, 'side-flawed']);
    });

    test('what looks equal is not shown to be equal, in whichever direction it differs', () => {
      const sharing = (stalled_share: number, flaw: FakeRun): FakeRun[] =>
        runs(6, () => ({ ...flaw, stalls: { ...stalled(5), stalled_share } }));
      const lost: FakeRun = { figures: { lost_records: 3 } };
      expect(verdictsOf(sharing(0.25, {}), sharing(0.251, {})).stalled_share).toBe('equivalent');
      for (const [a, b] of [
        [0.25, 0.251],
        [0.251, 0.25],
        [0.25, 0.25],
      ] as const) {
        expect(verdictsOf(sharing(a, {}), sharing(b, lost)).stalled_share).toBe('side-flawed');
        expect(verdictsOf(sharing(a, lost), sharing(b, {})).stalled_share).toBe('side-flawed');
      }
    });

    test('the first line claims nothing of them, and the row gives the reason', () => {
      const b = runs(6, () => ({ run: idle }));
      const { verdict, rows, joint } = compare([bundle('a', { runs: stalling }), bundle('b', { runs: b })]);
      expect(joint[0]?.finding).not.toBe('named');
      expect(verdict).toBe(
        'b against a: no difference is certain (6 and 6 runs): of 6 metrics 6 inconclusive; figures of all of them may be too good: ' +
          'in b none of the calls under test was made in 6 runs of 6, so there was nothing to wait for; use a longer window (--duration).',
      );
      expect(rows.every(({ p }) => p === null)).toBe(true);
      expect(rows[0]?.sentence).toBe(
        'in b none of the calls under test was made in 6 runs of 6, so there was nothing to wait for; use a longer window (--duration)',
      );
    });

    test('on both sides: nothing given back and saturation are no difference, lost records leave all open', () => {
      const both = (flaw: FakeRun): Record<string, string> =>
        verdictsOf(
          runs(6, (i) => ({ ...flaw, stalls: stalled(5 + (i % 2)) })),
          runs(6, () => flaw),
        );
      expect(both({ run: idle }).stalled_share).toBe('improved');
      expect(both({ figures: { saturated: true } }).stalled_share).toBe('improved');
      expect(both({ figures: { lost_records: 1 } }).stalled_share).toBe('side-flawed');
    });
  });

  test('another threshold, another window', () => {
    const b = bundle('b', { runs: runs(6, () => ({ stalls: { threshold_ns: 50 * ms }, window_ns: 20e9 })) });
    const comparison = compare([bundle('a', { runs: clean }), b]);
    expect(row(comparison, 'stalls_per_minute').refusal?.sentence).toContain('different thresholds');
    expect(row(comparison, 'service.p99_ns').refusal).toBeNull();
    const longer = bundle('b', { runs: runs(6, () => ({ window_ns: 20e9 })) });
    expect(row(compare([bundle('a', { runs: clean }), longer]), 'longest_ns').refusal?.sentence).toContain(
      'windows have different lengths',
    );
  });

  test('other kernels, other JDKs, another version of the profile', () => {
    const b = bundle('b', {
      runs: runs(6, () => ({
        run: {
          jvm: {
            processes: [{ name: 'jvm', version: '21.0.1', vendor: 'Debian' }],
            threads: [],
            log: [],
            logProblems: [],
            cpu_ns: 1,
            cpuOver_ns: 10e9,
          },
        },
      })),
      manifest: {
        profileHash: 'other',
        profile: { name: 'fake', arms: [{ name: 'free', holder: { nice: 10 } }], duration_ns: 10e9 },
        host: {
          kernel: '6.17.13',
          preemption: 'lazy',
          hz: 250,
          cpuModel: 'A CPU',
          cpus: [0, 1],
          memoryBytes: 8 * 2 ** 30,
        },
      },
    });
    const text = sentencesOf(compare([bundle('a', { runs: clean }), b]).notes).join('\n');
    expect(text).toContain(
      'the kernel is 6.18.0 in a and 6.17.13 in b; the preemption model is full in a and lazy in b; the JDK is unknown in a and Debian 21.0.1 in b. A difference may come from any of these.',
    );
    expect(text).toContain('they differ in arms.free.holder.nice (0, 10).');
  });
});

describe('arms', () => {
  const two = {
    runs: [...runs(6, () => ({ arm: 'one-vma' })), ...runs(6, () => ({ arm: 'crossing', stalls: stalled(2) }))],
  };

  test('are compared by name, and those of one side named', () => {
    const comparison = compare([
      bundle('a', two),
      bundle('b', { runs: runs(6, () => ({ arm: 'crossing', stalls: stalled(2) })) }),
    ]);
    expect(new Set(comparison.rows.map(({ arms }) => arms.a))).toEqual(new Set(['crossing']));
    expect(comparison.notes).toContainEqual({
      code: 'arms-on-one-side',
      label: 'a',
      arms: ['one-vma'],
      sentence: 'Only a has runs of one-vma.',
    });
  });

  test('of one bundle can be compared with each other', () => {
    const path = bundle('a', two);
    const comparison = compare([path, path], { arms: [{ a: 'one-vma', b: 'crossing' }] });
    expect(row(comparison, 'stalls_per_minute').verdict).toBe('regressed');
    expect(comparison.verdict).toContain('one-vma → crossing, writer.mprotect');
  });

  test('of different profiles only if asked for', () => {
    const [a, b] = [
      bundle('a', two),
      bundle('b', { ...two, manifest: { profile: { name: 'another', arms: [] }, profileHash: 'another' } }),
    ];
    expect(failureOf(() => compare([a, b]))).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /nothing could be compared: a is of the profile fake with the arms one-vma, crossing; b is of the profile another.*--arm one=other/,
      ) as string,
    });
    expect(compare([a, b], { arms: [{ a: 'crossing', b: 'crossing' }] }).notes[0]?.sentence).toContain(
      'the profile is fake in a and another in b',
    );
  });

  test('without a common one there is nothing to compare; a misspelt one is a usage error', () => {
    const [a, b] = [
      bundle('a', { runs: runs(2, () => ({ arm: 'x' })) }),
      bundle('b', { runs: runs(2, () => ({ arm: 'y' })) }),
    ];
    expect(failureOf(() => compare([a, b]))).toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('none is in both') as string,
    });
    expect(
      failureOf(() => compare([bundle('a', two), bundle('b', two)], { arms: [{ a: 'crosing', b: 'crossing' }] })),
    ).toMatchObject({ exitCode: 2, message: expect.stringContaining('did you mean crossing?') as string });
  });

  test('and series may be called anything', () => {
    const odd = {
      runs: [
        ...runs(6, () => ({ arm: 'free', series: '__proto__' })),
        ...runs(6, () => ({ arm: 'constructor', series: 'toString' })),
      ],
    };
    const comparison = compare([bundle('a', odd), bundle('b', odd)]);
    expect(new Set(comparison.rows.map(({ arms, series, verdict }) => `${arms.a} ${series} ${verdict}`))).toEqual(
      new Set(['free __proto__ equivalent', 'constructor toString equivalent']),
    );
  });
});

describe('metrics and margins', () => {
  test('a wider margin makes a difference not matter', () => {
    const sides = [
      bundle('a', { runs: runs(8) }),
      bundle('b', { runs: runs(8, (i) => ({ values_ns: valuesWithP99(30_000 + i * 100) })) }),
    ];
    const options = { metrics: chooseMetrics(metricsFor([99]), ['service.p99']) };
    expect(compare(sides, options).rows.map(({ verdict }) => verdict)).toEqual(['regressed']);
    expect(
      compare(sides, { ...options, margins: [{ metric: null, relative: 0.6, absolute: null }] }).rows[0],
    ).toMatchObject({ verdict: 'equivalent', margin: { relative: 0.6, absolute: 0 } });
    expect(
      compare(sides, { ...options, margins: [{ metric: 'service.p99_ns', relative: null, absolute: 20_000 }] }).rows[0],
    ).toMatchObject({ verdict: 'equivalent', margin: { relative: 0, absolute: 20_000 } });
    expect(
      compare(sides, { ...options, margins: [{ metric: 'longest_ns', relative: null, absolute: 20_000 }] }).rows[0]
        ?.verdict,
    ).toBe('regressed');
  });

  test('are named, with near misses', () => {
    expect(failureOf(() => chooseMetrics(metricsFor([99]), ['stals_per_minute'])).message).toContain(
      'did you mean stalls_per_minute?',
    );
    expect(['99.9', 'p50'].map(parsePercent)).toEqual([99.9, 50]);
    for (const bad of ['0', '100', 'NaN', '-1', '1e1', '']) expect(failureOf(() => parsePercent(bad)).exitCode).toBe(2);
  });
});

describe('histogram logs of any tool', () => {
  const log = (path: string, value_ns: number, stalls = 0): string => {
    const second = (i: number): string =>
      hlogLine(
        'app',
        i * 1e9,
        (i + 1) * 1e9,
        countsOfValues([...Array<number>(500).fill(value_ns + i), ...Array<number>(i < stalls ? 1 : 0).fill(300 * ms)]),
      );
    writeFileSync(path, hlogHead(0) + Array.from({ length: 10 }, (_, i) => second(i)).join(''));
    return path;
  };

  test('a file is a run; a folder or names with commas between are several', () => {
    const at = folder();
    for (const side of ['a', 'b']) mkdirSync(join(at, side));
    const files = (side: string, stalls: number): string[] =>
      Array.from({ length: 6 }, (_, i) => log(join(at, side, `${i}.hlog`), 10_000 + 37 * i, stalls));
    const [a, b] = [files('a', 0), files('b', 3)];
    const comparison = compare([join(at, 'a'), b.join(',')]);
    expect(comparison.rows.map(({ metric, verdict }) => [metric, verdict])).toEqual([
      ['stalls_per_minute', 'regressed'],
      ['longest_ns', 'regressed'],
      ['service.p99_ns', 'equivalent'],
    ]);
    expect(row(comparison, 'stalls_per_minute').values.b[0]).toBeCloseTo(18, 9);
    const single = compare([a[0] ?? '', b[0] ?? '']);
    expect(row(single, 'stalls_per_minute')).toMatchObject({ verdict: 'inconclusive', runs: { a: 1, b: 1 } });
    expect(sentencesOf(single.notes).join('\n')).toContain('A histogram log is one run, however long');
  });

  describe('have a unit', () => {
    /**
     * Six runs a side whose values are of this many units, `Interval_Max` in milliseconds if the ratio is given, and a
     * line of its own.
     */
    const sides = (values: readonly number[], { unitsPerMillisecond = 1e6, line = '' } = {}): string[] =>
      values.map((value, side) => {
        const at = folder();
        for (let i = 0; i < 6; i += 1) {
          const written = hlogLine(
            'app',
            0,
            10e9,
            countsOfValues([...Array<number>(5000).fill(value + i), value * 100]),
          ).split(',');
          written[3] = ((value * 100) / unitsPerMillisecond).toFixed(3);
          writeFileSync(join(at, `${side}-${i}.hlog`), hlogHead(0) + line + written.join(','));
        }
        return at;
      });
    const compareIn = (paths: readonly string[], unit?: 'ns' | 'us'): Comparison =>
      compareSides(
        paths.map((path) => readSide(path, { threshold_ns: 100 * ms, unit })),
        { metrics: metricsFor([99]), margins: [], arms: [], policy: { ...defaultPolicy, resamples: 500 } },
      );
    const p99 = (comparison: Comparison): number | null => row(comparison, 'service.p99_ns').mean.a;

    test('as --unit says, whatever the log says', () => {
      expect(p99(compareIn(sides([3000, 3000], { line: '#UNITS: ms\n' }), 'us'))).toBeCloseTo(3e6, -5);
    });

    test('as a line of the log says', () => {
      const comparison = compareIn(sides([3000, 3000], { line: '#UNITS: us\n' }));
      expect(p99(comparison)).toBeCloseTo(3e6, -5);
      expect(sentencesOf(comparison.notes).join()).toContain('are microseconds, as a line of the log states');
      expect(failureOf(() => compareIn(sides([3000, 3000], { line: '#UNITS: furlongs\n' })))).toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/line 5 of .* names an unknown unit: expected ns, us, ms, s, got/) as string,
      });
    });

    test('as Interval_Max beside the encoded maximum says; stalls are counted in it', () => {
      const comparison = compareIn(sides([3000, 3000], { unitsPerMillisecond: 1000 }));
      expect(p99(comparison)).toBeCloseTo(3e6, -5);
      expect(row(comparison, 'longest_ns').mean.a).toBeCloseTo(300e6, -6);
      expect(sentencesOf(comparison.notes).join()).toMatch(/are read as microseconds, because its column Interval_Max/);
    });

    test('else nanoseconds, which is said; and what cannot be is refused instead of called equivalent', () => {
      expect(sentencesOf(compareIn(sides([3000, 3000], { unitsPerMillisecond: 37 })).notes).join()).toContain(
        'are read as nanoseconds, because the log does not state their unit',
      );
      expect(failureOf(() => compareIn(sides([3, 3])))).toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(
          /: as nanoseconds, 99 % of app took \S+ ns or less, which no operation does; set the unit of its values with --unit \(ns, us, ms, s\)$/,
        ) as string,
      });
      // Who says so knows.
      expect(p99(compareIn(sides([3, 3]), 'ns'))).toBeLessThan(20);
    });
  });

  test('are not compared with bundles, and an empty one is refused', () => {
    const path = log(join(folder(), 'x.hlog'), 1000);
    expect(failureOf(() => compare([bundle('a', { runs: runs(2) }), path]))).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('have no series in common') as string,
    });
    const empty = join(folder(), 'empty.hlog');
    writeFileSync(empty, hlogHead(0));
    expect(failureOf(() => compare([path, empty])).message).toContain('holds no histogram');
    expect(readFileSync(empty, 'utf8')).toBe(hlogHead(0));
  });
});
