import { describe, expect, test } from 'vitest';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { serviceFigures } from '../../src/record/histogram/figures.js';
import { distributionOf } from '../../src/record/histogram/histogram.js';
import { compareSides } from '../../src/verdict/compare/compare.js';
import { defaultPolicy } from '../../src/verdict/compare/decide.js';
import { gate } from '../../src/verdict/gate/gate.js';
import { readPolicy } from '../../src/verdict/gate/policy.js';
import { holds, limitWords } from '../../src/verdict/evidence/limit.js';
import {
  allMetrics,
  chooseMetrics,
  metricNamed,
  metricsFor,
  parseInUnit,
  type Metric,
} from '../../src/verdict/evidence/metrics.js';
import { readSide } from '../../src/verdict/evidence/read-side.js';
import { command } from '../support/command.js';
import { scratchFolder } from '../support/scratch.js';
import { stalled, writeFakeBundle, type FakeRun } from './fake-bundle.js';
import { readPage } from '../support/page.js';
import type { LogProblem } from '../../src/facts/run-facts.js';
import { stated } from '../../src/words/run-words.js';
import { formatMetric } from '../../src/words/metric-words.js';

const scratch = scratchFolder();
const MiB = 2 ** 20;

function named(name: string): Metric {
  const metric = metricNamed(name);
  if (metric === null) throw new Error(`no metric ${name}`);
  return metric;
}

describe('names', () => {
  test('are one of a kind, with all other names', () => {
    const names = allMetrics()
      .flatMap(({ name, aliases }) => [name, ...aliases])
      .map((name) => name.replace(/_(ns|bytes)$/, ''));
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
  });

  test.each([
    ['stalls', 'stalls.count'],
    ['longest', 'longest_ns'],
    ['stalled', 'stalled_share'],
    ['stalls.longest_ns', 'longest_ns'],
    ['stalls.stalled_share', 'stalled_share'],
    ['futex_per_minute', 'mutex_per_minute'],
    ['LONGEST_NS', 'longest_ns'],
    ['service.p99', 'service.p99_ns'],
    ['service_p99_9', 'service.p99_9_ns'],
    ['response.p99_5', 'response.p99_5_ns'],
    ['gc.pause.p75', 'gc.pause.p75_ns'],
    ['memory.rss_mean', 'memory.rss_mean_bytes'],
    ['holder.released', 'holder.released_bytes'],
  ])('%s is %s', (name, wanted) => {
    expect(metricNamed(name)?.name).toBe(wanted);
  });

  test.each([
    'constructor',
    '__proto__',
    '',
    'service',
    'service.p0',
    'service.p100',
    'service.p1e9',
    'memory.p99',
    'gc.pause',
  ])('%s is none', (name) => {
    expect(metricNamed(name)).toBeNull();
  });

  test('those of the JVM’s log have the same figures each', () => {
    const figures = (subject: string): string[] =>
      allMetrics()
        .filter((metric) => metric.subject === subject)
        .map(({ name }) => name.slice(subject.length));
    for (const subject of ['gc.uncommit', 'safepoint.total', 'safepoint.reach'])
      expect(figures(subject)).toEqual(figures('gc.pause'));
  });

  test('are in docs/metrics.md, all of them', () => {
    const page = readPage('docs/metrics.md');
    const inOneRow = /^(gc\.uncommit|safepoint\.(?:total|reach))\.(?!count)/;
    const names = allMetrics()
      .flatMap(({ name, aliases }) => [name.replace(/\.p[\d_]+_ns$/, '.pXX_ns'), ...aliases])
      .filter((name) => !inOneRow.test(name));
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test('the policy of docs/metrics.md is one', () => {
    const [, policy = ''] = /^```yaml metrics\n([^]*?)^```$/m.exec(readPage('docs/metrics.md')) ?? [];
    const { rules } = readPolicy(policy, 'docs');
    expect(rules[0]?.limits.map(({ metric, operator, value }) => [metric.name, operator, value])).toEqual([
      ['longest_ns', '<=', 50e6],
      ['gc.pause.longest_ns', '<=', 50e6],
      ['holder.released_bytes', '>=', 2 ** 30],
    ]);
    expect(rules[0]?.compare.map(({ metric }) => metric.name)).toEqual([
      'stalled_share',
      'memory.rss_mean_bytes',
      'gc.pause.total_share',
    ]);
  });

  test('a slip is answered with the nearest, wherever it is made', async () => {
    expect(() => chooseMetrics(metricsFor([99]), ['memory.rss_maen'])).toThrow(
      '--metric memory.rss_maen: there is no metric memory.rss_maen; did you mean memory.rss_mean?; there are stalled_share, stalls_per_minute, longest_ns',
    );
    expect(() => readPolicy('rules: [{ compare: [gc.pase.longest_ns] }]', 'x')).toThrow(
      'there is no metric gc.pase.longest_ns; did you mean gc.pause.longest_ns?',
    );
    expect(
      (await command('run', 'priority-inversion', '--dry-run', '--fail-if', 'memory.rss_paek > 1GiB')).stderr,
    ).toContain('there is no metric memory.rss_paek; did you mean memory.rss_peak?');
  });
});

describe('values', () => {
  test.each<[Parameters<typeof parseInUnit>[0], string | number, string, number | null]>([
    ['time', '20ms', '', 20e6],
    ['time', '50', 'longest_ns', 50],
    ['time', '50', 'longest', null],
    ['time', '0', 'longest', 0],
    ['time', '5%', '', null],
    ['share', '5%', '', 0.05],
    ['share', '0.05', '', 0.05],
    ['share', '5', '', null],
    ['share', '500%', '', null],
    ['bytes', '64MiB', '', 64 * MiB],
    ['bytes', '4096', 'rss_bytes', 4096],
    ['bytes', '4096', 'rss', null],
    ['bytes', '0', '', 0],
    ['count', '3', '', 3],
    ['count', '20ms', '', null],
    ['count', '-1', '', null],
    ['count', Number.POSITIVE_INFINITY, '', null],
    ['count', Number.NaN, '', null],
    ['per_minute', 0.5, '', 0.5],
    ['count', '9'.repeat(400), '', null],
    ['flag', 'true', '', 1],
    ['flag', '0', '', 0],
    ['flag', 'yes', '', null],
  ])('of the unit %s: %s, for a name %s, is %s', (unit, written, name, value) => {
    const parsed = parseInUnit(unit, written, name);
    expect(parsed.ok ? parsed.value : null).toBe(value);
  });

  test.each([
    ['time', 1.5e6, '1.50 ms'],
    ['share', 0.5, '50 %'],
    ['bytes', 64 * MiB, '64 MiB'],
    ['bytes', -64 * MiB, '−64 MiB'],
    ['count', 12345, '12345'],
    ['count', 0.33333, '0.333'],
    ['flag', 1, 'true'],
    ['flag', 0.5, '0.5'],
    ['per_minute', -2.5, '−2.5'],
    ['time', 0, '0'],
  ] as const)('of the unit %s: %s is shown as %s', (unit, value, text) => {
    expect(formatMetric(unit, value)).toBe(text);
  });

  test('a limit has three parts, and six comparisons', () => {
    expect(limitWords(' longest_ns<=50ms ')).toEqual({ target: 'longest_ns', operator: '<=', value: '50ms' });
    for (const text of ['longest_ns', 'longest_ns <=', '<= 5', 'a <= 5 ms', 'a = b c'])
      expect(limitWords(text)).toBeNull();
    expect(
      (['<=', '<', '==', '>=', '>', '!='] as const).map((operator) =>
        [1, 2, 3].filter((value) => holds(value, operator, 2)),
      ),
    ).toEqual([[1, 2], [1], [2], [2, 3], [3], [1, 3]]);
  });
});

/** A run of a JVM with a holder, its memory read. */
function run(
  n: number,
  more: {
    rss?: number;
    pauses_ms?: readonly number[];
    inWindow_ns?: number | null;
    released?: number;
    problems?: readonly LogProblem[];
  } = {},
): FakeRun {
  const { rss = 100 * MiB, pauses_ms = [1, 2, 4], released = 2 ** 30, problems = [] } = more;
  const { inWindow_ns = pauses_ms.reduce((sum, one) => sum + one, 0) * 1e6 } = more;
  const durations = distributionOf(countsOfValues(pauses_ms.map((one) => one * 1e6)));
  return {
    stalls: stalled(0),
    run: {
      repetition: n,
      memoryUse: {
        samples_n: 5,
        rssMeanBytes: rss + n,
        rssPeakBytes: 2 * rss + n,
        pssBytes: rss,
        processes: [],
        cgroup: null,
      },
      jvm: {
        processes: [],
        threads: [],
        log:
          pauses_ms.length === 0
            ? []
            : [
                {
                  name: 'gc.pause',
                  durations: serviceFigures(durations),
                  long_count: 0,
                  total_ns: pauses_ms.reduce((sum, one) => sum + one, 0) * 1e6,
                  inWindow_ns,
                },
              ],
        logProblems: problems.map(stated),
        cpu_ns: 1,
        cpuOver_ns: 10e9,
      },
      holder: {
        name: 'holder.madvise_free',
        service: serviceFigures(distributionOf(countsOfValues([5e6, 9e6]))),
        hold_ns: 4e6,
        calls_cpu_ns: 10e6,
        window_calls: 3,
        crossed_calls: 1,
        releasedBytes: released,
        lost_records: 0,
      },
    },
  };
}

function side(name: string, runs: readonly FakeRun[]) {
  const path = scratch.fresh(name);
  writeFakeBundle(path, { runs });
  return { ...readSide(path, { threshold_ns: 1 }), label: name };
}

const six = (more: Parameters<typeof run>[1] = {}): FakeRun[] => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => run(n, more));

describe('of an arm', () => {
  const { evidence } = side('one', [run(1)]);
  const [own] = evidence.filter(({ scope }) => scope === 'arm').flatMap(({ runs }) => runs);
  if (own === undefined) throw new Error('no evidence of the arm');

  test.each([
    ['memory.rss_mean_bytes', 100 * MiB + 1],
    ['memory.rss_peak_bytes', 200 * MiB + 1],
    ['memory.pss_bytes', 100 * MiB],
    ['gc.pause.count', 3],
    ['gc.pause.per_minute', 18],
    ['gc.pause.longest_ns', 4e6],
    ['gc.pause.total_ns', 7e6],
    ['gc.pause.total_share', 7e6 / 10e9],
    ['gc.pause.long_count', 0],
    ['gc.uncommit.count', 0],
    ['gc.uncommit.longest_ns', 0],
    ['safepoint.total.total_share', 0],
    ['holder.calls', 3],
    ['holder.calls_per_minute', 18],
    ['holder.crossed_calls', 1],
    ['holder.released_bytes', 2 ** 30],
    ['holder.longest_ns', 9e6],
    ['holder.hold_ns', 4e6],
    ['holder.hold_mean_ns', 5e6],
  ])('%s is %s', (name, value) => {
    expect(named(name).of(own)).toEqual({ value, missing: null, absent: false });
  });

  test('what is not known says why, and what cannot be is absent', () => {
    expect(named('gc.pause.p99_ns').of(own)).toMatchObject({
      value: null,
      absent: false,
      missing: { code: 'too-few-samples', percent: 99, needed_n: 368, of: 'events' },
    });
    expect(named('memory.cgroup_mean_bytes').of(own)).toMatchObject({ value: null, absent: true });
    expect(named('stalled_share').of(own)).toMatchObject({ value: null, absent: true });
    const [older] = side('older', [{ stalls: stalled(0) }])
      .evidence.filter(({ scope }) => scope === 'arm')
      .flatMap(({ runs }) => runs);
    expect(
      older === undefined
        ? []
        : ['memory.rss_mean_bytes', 'gc.pause.count', 'holder.calls'].map((name) => named(name).of(older).absent),
    ).toEqual([false, true, true]);
  });

  test('a share of the window counts only the time inside the window', () => {
    const share = (inWindow_ns: number | null) =>
      side('ends later', [run(1, { pauses_ms: [12e3], inWindow_ns })])
        .evidence.filter(({ scope }) => scope === 'arm')
        .flatMap(({ runs }) => runs)
        .map((one) => named('gc.pause.total_share').of(one))[0];
    expect(share(9e9)).toMatchObject({ value: 0.9 });
    // A run of an older version has only the sum, which may be more than the window.
    expect(share(null)).toMatchObject({ value: null, missing: { code: 'not-counted-then' }, absent: false });
  });

  test('where a run did not count that time, all are compared by what each version counts', () => {
    const older = { pauses_ms: [6e3, 6e3], inWindow_ns: null };
    const rowOf = (a: Parameters<typeof run>[1], b: Parameters<typeof run>[1]) =>
      compareSides([side('a', six(a)), side('b', six(b))], {
        metrics: [named('gc.pause.total_share')],
        margins: [],
        arms: [],
        policy: defaultPolicy,
      }).rows[0];
    const newer = { pauses_ms: [6e3, 6e3], inWindow_ns: 10e9 };
    for (const [a, b] of [
      [older, older],
      [older, newer],
      [newer, older],
    ] as const)
      expect(rowOf(a, b)).toMatchObject({
        metric: 'gc.pause.total_share',
        title: 'length of events that began in the window, as a share of it',
        refusal: null,
        mean: { a: 1.2, b: 1.2 },
      });
    expect(rowOf(newer, newer)).toMatchObject({ title: 'share in events', mean: { a: 1, b: 1 } });
    const policy = readPolicy('rules: [{ compare: [gc.pause.total_share] }]', 'gate.yaml');
    const pair = { baseline: side('stored', six(older)), candidate: side('now', six(newer)), problems: [] };
    const [check] = gate([pair], policy).suites[0]?.checks ?? [];
    expect(check?.outcome).toBe('pass');
    expect(check?.expected).toMatch(/^length of events that began in the window, as a share of it /);
  });

  test('a log that lacks events says nothing of these, and a warning of the JVM’s hides none', () => {
    const [flawed] = side('flawed', [run(1, { problems: [{ code: 'log-dropped', messages_n: 3 }] })])
      .evidence.filter(({ scope }) => scope === 'arm')
      .flatMap(({ runs }) => runs);
    const [warned] = side('warned', [
      run(1, {
        problems: [
          { code: 'jvm-warning', text: 'Option X was deprecated' },
          { code: 'uncommit-without-length', events_n: 2, first: 'Shrinking' },
        ],
      }),
    ])
      .evidence.filter(({ scope }) => scope === 'arm')
      .flatMap(({ runs }) => runs);
    if (flawed === undefined || warned === undefined) throw new Error('no evidence');
    expect(named('gc.pause.count').of(flawed).missing).toMatchObject({ problem: 'log-dropped' });
    expect(named('gc.pause.count').of(warned).value).toBe(3);
    expect(named('gc.uncommit.count').of(warned).missing).toMatchObject({ problem: 'uncommit-without-length' });
  });

  test('is compared where it is asked for, and else not', () => {
    const sides = [
      side('before', six()),
      side('after', six({ rss: 300 * MiB, released: 2 ** 28, pauses_ms: [1, 2, 40] })),
    ];
    const options = { margins: [], arms: [], policy: defaultPolicy };
    expect(
      compareSides(sides, { ...options, metrics: metricsFor([99]) }).rows.some(
        ({ series }) => series !== 'writer.mprotect',
      ),
    ).toBe(false);
    const metrics = chooseMetrics(metricsFor([99]), ['memory.rss_mean', 'holder.released', 'gc.pause.longest']);
    const { rows } = compareSides(sides, { ...options, metrics });
    expect(rows.map(({ series, metric, verdict }) => [series, metric, verdict])).toEqual([
      ['memory', 'memory.rss_mean_bytes', 'regressed'],
      ['holder', 'holder.released_bytes', 'regressed'],
      ['gc.pause', 'gc.pause.longest_ns', 'regressed'],
    ]);
  });

  test('is gated once an arm, whatever series the rule names', () => {
    const judge = (policy: string, candidate = side('after', six({ rss: 300 * MiB }))) =>
      gate([{ baseline: side('before', six()), candidate, problems: [] }], readPolicy(policy, 'gate.yaml'));
    const result = judge(
      'rules: [{ series: ["writer.*"], compare: [stalled_share, memory.rss_mean], limits: [memory.rss_peak <= 1GiB, gc.pause.longest <= 10ms, holder.released >= 2GiB] }]',
    );
    expect(result.suites[0]?.checks.map(({ series, metric, outcome }) => [series, metric, outcome])).toEqual([
      ['writer.mprotect', 'stalled_share', 'pass'],
      ['memory', 'memory.rss_peak_bytes', 'pass'],
      ['gc.pause', 'gc.pause.longest_ns', 'pass'],
      ['holder', 'holder.released_bytes', 'fail'],
      ['memory', 'memory.rss_mean_bytes', 'fail'],
    ]);
    expect(result.suites[0]?.checks[3]?.reason.sentence).toContain('the lowest is 1 GiB');
    expect(() => judge('rules: [{ compare: [memory.cgroup_mean_bytes] }]')).toThrow('selects nothing');
    expect(
      judge(
        'rules: [{ limits: [memory.rss_peak <= 1GiB] }]',
        side(
          'older',
          [1, 2, 3, 4, 5, 6].map(() => ({ stalls: stalled(0) })),
        ),
      ).suites[0]?.checks[0],
    ).toMatchObject({ outcome: 'error', reason: { sentence: 'its memory was not read, or not in every run' } });
  });

  test('a comparison of what is better the more of it there is is refused by a policy', () => {
    expect(() => readPolicy('rules: [{ compare: [holder.released_bytes] }]', 'x')).toThrow(
      'expected a metric of which more is worse, got holder.released_bytes',
    );
    expect(() => readPolicy('rules: [{ limits: [holder.calls <= 3] }]', 'x')).toThrow(
      'expected >= or > (less of holder.calls is worse), got <=',
    );
  });
});

test('figures that no run has are refused', () => {
  for (const bad of [{ rss: -3 * MiB }, { released: -1 }])
    expect(() => side('bad', [run(1, bad)])).toThrow('which no run has; it was changed or cut off');
});
