import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import type { RunFile } from '../../../src/bundle/bundle-schema.js';
import { gate, type GatePair } from '../../../src/verdict/gate/gate.js';
import type { Check, GateResult } from '../../../src/verdict/gate/gated.js';
import type { RefusedArm } from '../../../src/facts/refused-arm-facts.js';
import { readPolicy } from '../../../src/verdict/gate/policy.js';
import { openBundle } from '../../../src/bundle/store.js';
import { bundleSide } from '../../../src/verdict/evidence/bundle-side.js';
import { readSide } from '../../../src/verdict/evidence/read-side.js';
import type { Side } from '../../../src/verdict/evidence/side.js';
import { scratchFolder } from '../../support/scratch.js';
import { stalled, writeFakeBundle, type FakeBundle, type FakeRun } from '../fake-bundle.js';
import { armOf, summaryOf } from '../fake-summary.js';
import { said } from '../../support/stated.js';
import { sentencesOf } from '../../../src/facts/stated.js';

const scratch = scratchFolder();
const ms = 1e6;

function side(name: string, runs: readonly FakeRun[], more: Omit<FakeBundle, 'runs'> = {}): Side {
  const path = scratch.fresh(name);
  writeFakeBundle(path, { runs, ...more });
  return { ...readSide(path, { threshold_ns: 1 }), label: name };
}

/** Runs with about so many stalls each. */
function runs(n: number, stalls: number, more: FakeRun = {}): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({
    ...more,
    stalls: { ...stalled(stalls === 0 ? 0 : stalls + (i % 2)), ...more.stalls },
  }));
}

const noJvm = {
  log: [],
  cpu_ns: 1,
  withoutProbes: null,
  perRun: [],
  logProblems: [],
  removedFromEnvironment: [],
  changedFlags: [],
  isMeantToShrink: false,
};

const compareAll = 'rules: [{ compare: [stalled_share, stalls_per_minute, longest_ns] }]';

function judge(
  baseline: Side | null,
  candidate: Side,
  policy = compareAll,
  problems: GatePair['problems'] = [],
): GateResult {
  return gate([{ baseline, candidate, problems }], readPolicy(policy, 'gate.yaml'));
}

const outcomes = ({ suites }: GateResult): [string | null, Check['outcome']][] =>
  suites.flatMap(({ checks }) =>
    checks.map(({ metric, outcome }): [string | null, Check['outcome']] => [metric, outcome]),
  );
const sentences = ({ suites }: GateResult): string =>
  suites.flatMap(({ checks }) => checks.map(({ reason }) => reason.sentence)).join('\n');

describe('comparisons', () => {
  test('pass where nothing differs', () => {
    const result = judge(side('before', runs(8, 0)), side('after', runs(8, 0)));
    expect(result).toMatchObject({
      outcome: 'pass',
      exitCode: 0,
      counts: { pass: 3, fail: 0, error: 0, inconclusive: 0 },
    });
    expect(result.verdict).toBe('PASS: 3 checks of 1 profile, by gate.yaml.');
  });

  test('fail where it is worse, and say by how much', () => {
    const result = judge(side('before', runs(8, 0)), side('after', runs(8, 3)));
    expect(result).toMatchObject({ outcome: 'fail', exitCode: 3, counts: { fail: 3 } });
    expect(result.verdict).toMatch(
      /^FAIL: 3 of 3 checks failed\. free, writer\.mprotect, stalled share ≤ baseline \+ 10 % or 0\.100 pp: regressed: 0 → 17\.5 % \(difference \+17\.5 pp, 90 % interval \[.*\], 8 and 8 runs, p < 0\.0001\)\.$/,
    );
  });

  test('fail where not one operation that was due was served', () => {
    const stuck = runs(8, 0, { values_ns: [], figures: { unserved: 6000, saturated: true } });
    expect(
      judge(side('before', runs(8, 0)), side('after', stuck), 'rules: [{ compare: [stalled_share, longest_ns] }]'),
    ).toMatchObject({ exitCode: 3, counts: { fail: 2 } });
    expect(judge(null, side('after', stuck), 'rules: [{ limits: [longest_ns <= 50ms] }]').exitCode).toBe(3);
  });

  test('pass where it is better, by however much', () => {
    expect(judge(side('before', runs(8, 3)), side('after', runs(8, 0)))).toMatchObject({
      outcome: 'pass',
      exitCode: 0,
      counts: { pass: 3 },
    });
  });

  test('pass where it is certainly no worse, though nobody can say whether it is better', () => {
    // Longest stalls that vary much downwards: no interval lies inside ±10 %, but its upper end does.
    const spread = (scale: number): FakeRun[] =>
      Array.from({ length: 8 }, (_, i) => ({
        stalls: { ...stalled(1), longest_ns: (500 - (i === 0 ? scale : 0)) * ms },
      }));
    const result = judge(
      side('before', runs(8, 0, { stalls: { ...stalled(1), longest_ns: 500 * ms } })),
      side('after', spread(400)),
      'rules: [{ compare: [longest_ns] }]',
    );
    expect(result.suites[0]?.checks[0]).toMatchObject({ outcome: 'pass', comparison: { verdict: 'inconclusive' } });
  });

  const noisy = (shift: number): FakeRun[] =>
    [2, 9, 1, 14, 3, 7, 5, 11].map((count) => ({ stalls: stalled(count + shift) }));

  test.each([
    ['exit-4', 'inconclusive', 4],
    ['fail', 'fail', 3],
    ['pass', 'pass', 0],
  ] as const)('left open are %s: %s', (meaning, outcome, exitCode) => {
    const result = judge(
      side('before', noisy(0)),
      side('after', noisy(1)),
      `inconclusive: ${meaning}\nrules: [{ compare: [stalls_per_minute] }]`,
    );
    expect(result).toMatchObject({ outcome, exitCode, counts: { inconclusive: 1, pass: 0 } });
    expect(result.verdict).toMatch(
      meaning === 'exit-4'
        ? /^INCONCLUSIVE: 1 of 1 check left open whether it is worse/
        : meaning === 'fail'
          ? /^FAIL: 1 of 1 check inconclusive, which this policy counts as failed/
          : /^PASS: 1 check of 1 profile \(1 of them inconclusive/,
    );
    expect(sentences(result)).toMatch(/about \d+ runs of 10\.0 s a side would/);
  });

  test('take the margin that the rule gives', () => {
    const before = side('before', runs(10, 4));
    const after = side('after', runs(10, 5));
    expect(judge(before, after, 'rules: [{ compare: [{ metric: stalls_per_minute, relative: 100% }] }]').outcome).toBe(
      'pass',
    );
    expect(judge(before, after, 'rules: [{ compare: [{ metric: stalls_per_minute, absolute: 0 }] }]').outcome).toBe(
      'fail',
    );
  });
});

describe('all comparisons are one test', () => {
  const arms = (n: number, of: (arm: number, round: number) => number): FakeRun[] =>
    Array.from({ length: n }, (_, arm) =>
      Array.from({ length: 6 }, (__, round): FakeRun => ({
        arm: `arm-${arm}`,
        stalls: stalled(of(arm, round)),
        run: { repetition: round + 1 },
      })),
    ).flat();

  test('30 checks at 0 → 60 % with 6 runs a side fail, one such arm of ten does, and four copies of a suite do', () => {
    const before = side(
      'before',
      arms(10, () => 0),
    );
    const all = judge(
      before,
      side(
        'after',
        arms(10, (arm, round) => 12 + ((arm + round) % 3)),
      ),
    );
    expect(all).toMatchObject({ exitCode: 3, counts: { fail: 30 }, together: { finding: 'named', p: 1 / 924 } });
    const one = judge(
      before,
      side(
        'after',
        arms(10, (arm, round) => (arm === 3 ? 12 + (round % 3) : 0)),
      ),
    );
    expect(one).toMatchObject({ exitCode: 3, counts: { fail: 3, pass: 27 } });
    const copies = gate(
      [1, 2, 3, 4].map((copy) => ({
        baseline: side(
          `before-${copy}`,
          arms(10, () => 0),
        ),
        candidate: side(
          `after-${copy}`,
          arms(10, () => 12),
        ),
        problems: [],
      })),
      readPolicy(compareAll, 'x'),
    );
    expect(copies).toMatchObject({ exitCode: 3, counts: { fail: 120 } });
  });

  test('a change that no single figure shows fails, and says so', () => {
    // Each arm is stalled in one round of the candidate, each in another one.
    const result = judge(
      side(
        'before',
        arms(12, () => 0),
      ),
      side(
        'after',
        arms(12, (arm, round) => (arm % 6 === round ? 1 : 0)),
      ),
    );
    expect(result).toMatchObject({
      outcome: 'fail',
      exitCode: 3,
      counts: { fail: 0 },
      together: { finding: 'unnamed' },
    });
    expect(result.verdict).toMatch(
      /^FAIL: worse, but no single figure can be named: of 36 figures 36 are beyond their margins, which chance alone does in 0\.00\d+ of gates; the change is spread over many of them\.$/,
    );
  });

  test('two candidates of one baseline are two tests', () => {
    const before = side(
      'before',
      arms(2, () => 0),
    );
    const both = gate(
      [
        side(
          'one',
          arms(2, () => 12),
        ),
        side(
          'two',
          arms(2, () => 0),
        ),
      ].map((candidate) => ({ baseline: before, candidate, problems: [] })),
      readPolicy(compareAll, 'x'),
    );
    expect(both).toMatchObject({
      exitCode: 3,
      counts: { fail: 6, pass: 6 },
      together: { p: 2 / 924, smallestP: 2 / 924 },
    });
  });

  test('a stall of the machine’s in one run of each side passes, in two of six it is left open', () => {
    const candidate = (n: number): GateResult =>
      judge(
        side(
          'before',
          arms(1, () => 0),
        ),
        side(
          'after',
          arms(1, (_, round) => (round < n ? 1 : 0)),
        ),
      );
    const once = candidate(1);
    expect(once).toMatchObject({ exitCode: 0, counts: { pass: 3 } });
    expect(sentences(once)).toContain(
      "not worse by more than 10 % or 10.0 ms; the mean is without the highest run of each side, and up to 64.1 % of such runs may be like the candidate's",
    );
    expect(candidate(2)).toMatchObject({ exitCode: 4, counts: { inconclusive: 3 } });
  });

  test('what is left open names the runs or the margin that a pass needs', () => {
    const spread = [10, 12, 8, 11, 9, 13];
    const result = judge(
      side(
        'before',
        arms(1, (_, round) => spread[round] ?? 0),
      ),
      side(
        'after',
        arms(1, (_, round) => spread[5 - round] ?? 0),
      ),
    );
    expect(result.verdict).toMatch(
      / To pass, runs like these need about \d+ runs a side, or margins of at least \d+ % \(stalled share\) and \d+ % \(stalls per minute\)\.$/,
    );
    const margin = /(\d+) % \(stalled share\)/.exec(result.verdict)?.[1] ?? '';
    expect(
      judge(
        side(
          'before',
          arms(1, (_, round) => spread[round] ?? 0),
        ),
        side(
          'after',
          arms(1, (_, round) => spread[5 - round] ?? 0),
        ),
        `rules: [{ compare: [{ metric: stalled_share, relative: ${margin}% }] }]`,
      ).exitCode,
    ).toBe(0);
  });

  test('runs that can decide nothing are refused before they are judged, with the number that could', () => {
    const few = (n: number, stalls: number): Side => side('few', runs(n, stalls));
    const result = judge(few(4, 0), few(4, 9), `alpha: 1%\nminimumRuns: 4\n${compareAll}`);
    expect(result).toMatchObject({ exitCode: 4, together: null, counts: { error: 1, fail: 0 } });
    expect(result.verdict).toBe(
      'NO VERDICT: 1 problem with the evidence; nothing passes without it. No outcome of 4 and 4 runs could show a regression at alpha = 1 %: the smallest p that they can give is 0.014; make at least 5 a side (--runs 5), or raise alpha.',
    );
    expect(judge(few(5, 0), few(5, 9), `alpha: 1%\nminimumRuns: 4\n${compareAll}`).exitCode).toBe(3);
    // A limit is no test.
    expect(
      judge(
        few(4, 0),
        few(4, 9),
        `alpha: 1%\nminimumRuns: 4\nrules: [{ compare: [longest_ns], limits: [longest_ns <= 50ms] }]`,
      ).exitCode,
    ).toBe(3);
  });
});

describe('control series', () => {
  const withControl = (stalls: number, control: number): FakeRun[] => [
    ...runs(6, stalls),
    ...runs(6, control, { series: 'control.timer' }).map((run, i) => ({ ...run, run: { repetition: i + 1 } })),
  ];

  test('are no checks unless a rule names them, and tell the noise', () => {
    const result = judge(side('before', withControl(0, 0)), side('after', withControl(0, 2)));
    expect(result).toMatchObject({ exitCode: 0, counts: { pass: 3 } });
    expect(sentencesOf(result.suites[0]?.notes ?? []).join('\n')).toMatch(
      /Noise: control\.timer takes no lock, and was stalled in 6 of 6 runs of after and 0 of 6 runs of before: the machine causes that\.\nThe controls became worse too \(p = 0\.0011\), so the machine was busier during after/,
    );
    expect(
      judge(
        side('before', withControl(0, 0)),
        side('after', withControl(0, 2)),
        'rules: [{ series: ["*"], compare: [longest_ns] }]',
      ),
    ).toMatchObject({ exitCode: 3, counts: { pass: 1, fail: 1 } });
    expect(judge(side('before', withControl(0, 0)), side('after', withControl(0, 0))).suites[0]?.notes).toEqual([]);
  });
});

describe('limits', () => {
  const limits = (...texts: string[]): string =>
    `rules: [{ limits: [${texts.map((text) => JSON.stringify(text)).join(', ')}] }]`;

  test('need no baseline, hold in every run, and say how far that carries', () => {
    const result = judge(
      null,
      side('after', runs(20, 0)),
      limits('longest_ns <= 50ms', 'stalls_per_minute == 0', 'service.p99_ns < 1ms'),
    );
    expect(outcomes(result)).toEqual([
      ['longest_ns', 'pass'],
      ['stalls_per_minute', 'pass'],
      ['service.p99_ns', 'pass'],
    ]);
    // Clopper and Pearson, two-sided: 1 − 0.025^(1/20).
    expect(result.suites[0]?.checks[0]?.limit?.violations_share_high).toBeCloseTo(1 - 0.025 ** (1 / 20), 6);
    expect(result.suites[0]?.checks[0]?.reason.sentence).toBe(
      'in all 20 runs (the highest is 0); up to 16.8 % of such runs may still be beyond it',
    );
  });

  test('one run beyond is one too many, also where little else is known', () => {
    const result = judge(null, side('after', [...runs(1, 0), { stalls: stalled(1) }]), limits('longest_ns <= 50ms'));
    expect(result).toMatchObject({ outcome: 'fail', exitCode: 3 });
    expect(sentences(result)).toBe('beyond it in 1 of 2 runs; the highest is 500 ms');
  });

  test.each([
    ['longest_ns <= 500ms', 'pass'],
    ['longest_ns < 500ms', 'fail'],
    ['stalled_share <= 1%', 'fail'],
  ])('%s: %s', (text, outcome) => {
    expect(judge(null, side('after', runs(8, 1)), limits(text)).outcome).toBe(outcome);
  });
});

describe('nothing passes by absence', () => {
  const before = side('before', runs(8, 0));
  const good = (): Side => before;
  const both =
    'inconclusive: pass\nrules: [{ compare: [stalled_share], limits: [stalls_per_minute == 0, response.p99_ns <= 1s] }]';

  test.each<[string, () => Side, RegExp]>([
    [
      'a partial experiment',
      () => side('after', runs(8, 0), { status: 'partial' }),
      /the candidate after is not whole: the experiment is not complete \(partial\)/,
    ],
    [
      'a degraded one',
      () => side('after', runs(8, 0, { run: { degraded: [said('nice 19 of holder could not be set')] } })),
      /the candidate after ran degraded: nice 19 of holder could not be set/,
    ],
    [
      'spoiled runs alone',
      () => side('after', runs(8, 0, { run: { disturbances: [said('steal')] } })),
      /the candidate after has no complete, undisturbed run; 8 runs of 8 are disturbed/,
    ],
    [
      'too few runs',
      () => side('after', runs(5, 0)),
      /the candidate has 5 complete, undisturbed runs of it, and the policy asks for at least 6/,
    ],
    [
      'too few that are whole',
      () => side('after', [...runs(5, 0), ...runs(3, 0, { run: { disturbances: [said('steal')] } })]),
      /the candidate has 5 complete, undisturbed runs of it/,
    ],
    [
      'a saturated series',
      () => side('after', runs(8, 0, { figures: { saturated: true } })),
      /the series is saturated in 8 runs of 8/,
    ],
    [
      'one saturated run',
      () => side('after', [...runs(8, 0), ...runs(1, 0, { figures: { saturated: true } })]),
      /the series is saturated in 1 run of 9/,
    ],
    [
      'lost records',
      () => side('after', runs(8, 0, { figures: { lost_records: 3 } })),
      /records of slow operations were lost in 8 runs of 8, so the figure is a lower bound/,
    ],
    [
      'a victim that stopped',
      () => side('after', runs(8, 0, { figures: { exhausted: 3 } })),
      /the victim used up its fresh pages in 8 runs of 8/,
    ],
    [
      'too few operations',
      () => side('after', runs(8, 0, { values_ns: [5000, 6000] })),
      /n too small: p99 needs 368 operations a run/,
    ],
    [
      'another profile',
      () => side('after', runs(8, 0), { manifest: { profile: { name: 'other', arms: [] } } }),
      /is of the profile fake and the candidate after of other: they measure different things/,
    ],
    [
      'another setting',
      () =>
        side('after', runs(8, 0), {
          manifest: { profile: { name: 'fake', arms: [{ name: 'free' }], duration_ns: 20e9 } },
        }),
      /the profile fake is not the same in before and after: duration_ns \(10000000000, 20000000000\)/,
    ],
    [
      'another kernel',
      () =>
        side('after', runs(8, 0), {
          manifest: {
            host: {
              kernel: '6.16.0',
              preemption: 'full',
              hz: 250,
              cpuModel: 'A CPU',
              cpus: [0, 1],
              memoryBytes: 8 * 2 ** 30,
            },
          },
        }),
      /the environments differ: the kernel is 6\.18\.0 in before and 6\.16\.0 in after; .*--allow-different kernel/,
    ],
    [
      'a series that is gone',
      () => side('after', runs(8, 0, { series: 'reader.first_fault' })),
      /the candidate has no complete, undisturbed run of it/,
    ],
    [
      'an arm that is gone',
      () => side('after', runs(8, 0, { arm: 'other' })),
      /the candidate has no complete, undisturbed run of it/,
    ],
  ])('%s', (_, candidate, sentence) => {
    const result = judge(good(), candidate(), both);
    expect(result.exitCode).toBe(4);
    expect(sentences(result)).toMatch(sentence);
    expect(result.verdict).toMatch(/^NO VERDICT: \d+ problems? with the evidence; nothing passes without it\. /);
    // In the baseline it is no better.
    // A limit asks nothing of a baseline.
    if (!/experiment|profile|environments|n too small/.test(String(sentence)))
      expect(judge(candidate(), good(), both).exitCode).toBe(4);
  });

  test.each(['service.p99_ns', 'service.max_ns', 'response.max_ns', 'inflight_ns'])(
    'a victim that stopped: %s, a time of the series',
    (metric) => {
      const stopped = side('after', runs(8, 0, { figures: { exhausted: 3 } }));
      expect(judge(good(), good(), `rules: [{ compare: [${metric}], limits: ["${metric} <= 1s"] }]`).exitCode).toBe(0);
      expect(judge(null, stopped, `rules: [{ limits: ["${metric} <= 1s"] }]`).exitCode).toBe(4);
      expect(judge(good(), stopped, `rules: [{ compare: [${metric}] }]`).exitCode).toBe(4);
    },
  );

  test('operations served are counted exactly, also of a saturated series', () => {
    const saturated = side('after', runs(8, 0, { figures: { saturated: true } }));
    expect(judge(null, saturated, 'rules: [{ limits: ["service.n >= 100"] }]').exitCode).toBe(0);
  });

  test('a run that its summary tells of and that is gone', () => {
    const whole = side('after', runs(8, 0));
    expect(judge(good(), { ...whole, incomplete: { code: 'runs-gone', runs: ['003-free'] } }).exitCode).toBe(4);
  });

  test('a run of a JVM without a timed series that is gone', () => {
    const path = scratch.fresh('after');
    writeFakeBundle(path, { runs: runs(8, 0, { run: { series: [] } }) });
    const bundle = openBundle(path);
    const jvmOf = (names: readonly string[]): Side => {
      const perRun = names.map((run) => ({
        run,
        status: 'complete' as const,
        cpu_ns: 1,
        over_ns: 1,
        window_ns: 1,
        log: [],
      }));
      const jvm = { ...noJvm, perRun };
      return bundleSide({ ...bundle, summary: summaryOf([armOf('free', null, [], { jvm })], { profile: 'fake' }) });
    };
    const names = bundle.runs.map(({ name }) => name);
    expect(jvmOf(names).incomplete).toBeNull();
    expect(jvmOf([...names, '008-free']).incomplete).toEqual({ code: 'runs-gone', runs: ['008-free'] });
  });

  test('no baseline for it', () => {
    const result = judge(null, good(), compareAll, [
      { code: 'no-baseline-of-profile', profile: 'fake', offered: [{ name: 'main', profile: 'other' }] },
    ]);
    expect(result).toMatchObject({
      exitCode: 4,
      verdict:
        'NO VERDICT: 1 problem with the evidence; nothing passes without it. There is no baseline of the profile fake; there are main (other).',
    });
  });

  test('what is known to be worse fails all the same', () => {
    const worse = side('after', runs(8, 3, { figures: { lost_records: 1 } }));
    expect(judge(good(), worse, 'rules: [{ compare: [stalled_share] }]').exitCode).toBe(3);
    // Of a baseline that saw too little nothing is known to be worse.
    expect(
      judge(
        { ...side('before', runs(8, 0, { figures: { lost_records: 1 } })) },
        side('after', runs(8, 3)),
        'rules: [{ compare: [stalled_share] }]',
      ).exitCode,
    ).toBe(4);
  });

  test.each([
    'blocked_per_minute == 0',
    'mutex_per_minute == 0',
    'stalls.blocked_count == 0',
    'stalls.mutex_count == 0',
    'stalls.longest_blocked_ns <= 50ms',
    'stalls.longest_mutex_ns <= 50ms',
    'stalls.blocked_share <= 1%',
    'stalls.mutex_share <= 1%',
  ])('stalls in a state that was not seen: %s', (limit) => {
    const unseen = side('after', runs(8, 0, { stalls: { count: 3, unseen_count: 3, longest_ns: 500 * ms } }));
    const result = judge(null, unseen, `rules: [{ limits: ["${limit}"] }]`);
    expect(result.exitCode).toBe(4);
    expect(sentences(result)).toBe(
      'in the candidate in 8 runs of 8 there are stalls in which the state of the victim was not seen',
    );
  });

  test('stalls in a state that was not seen are counted', () => {
    const unseen = side('after', runs(8, 0, { stalls: { count: 3, unseen_count: 3 } }));
    expect(judge(null, unseen, 'rules: [{ limits: ["stalls.unseen_count <= 3"] }]').exitCode).toBe(0);
  });

  test('stalls of the baseline in a state that was not seen are counted, and hide no regression', () => {
    const unseenIn = (count: number): FakeRun[] =>
      Array.from({ length: 8 }, (_, i) => ({ stalls: { ...stalled(count), unseen_count: i === 0 ? 1 : 0 } }));
    const judged = (before: readonly FakeRun[], after: readonly FakeRun[]): GateResult =>
      judge(side('before', before), side('after', after), 'rules: [{ compare: [blocked_per_minute] }]');
    const worse = judged(unseenIn(2), runs(8, 12));
    expect(worse).toMatchObject({ exitCode: 3, counts: { fail: 1 } });
    expect(worse.suites[0]?.checks[0]?.comparison?.values.a).toEqual([18, 12, 12, 12, 12, 12, 12, 12]);
    expect(sentences(worse)).toContain('; stalls of before in a state that was not seen (1 run of 8) are counted in');
    const alike = judged(unseenIn(2), runs(8, 0));
    expect(alike).toMatchObject({ exitCode: 4, counts: { error: 1 } });
    expect(sentences(alike)).toMatch(/^in the baseline in 1 run of 8 there are stalls in which the state/);
  });

  describe('where nothing was given back', () => {
    const times = { min_ns: null, p50_ns: null, p90_ns: null, p99_ns: null, p99_9_ns: null, p99_99_ns: null };
    const holderOf = (calls_n: number): NonNullable<RunFile['holder']> => ({
      name: 'holder.madvise_free',
      service: { ...times, n: calls_n, mean_ns: calls_n === 0 ? null : ms, max_ns: calls_n === 0 ? null : ms },
      hold_ns: null,
      calls_cpu_ns: 0,
      window_calls: calls_n,
      crossed_calls: 0,
      releasedBytes: 0,
      lost_records: 0,
    });
    const calling = (...calls: readonly number[]): FakeRun[] =>
      calls.map((calls_n) => ({ run: { holder: holderOf(calls_n) } }));
    const each = [5, 5, 5, 5, 5, 5];
    const none = each.map(() => 0);

    test.each([
      ['in no run', calling(...none), 'in 6 runs of 6'],
      ['not in one run', calling(...each.slice(1), 0), 'in 1 run of 6'],
    ])('a holder that called %s shows no stall that is missing', (_, candidate, where) => {
      const flaw = `none of the calls under test was made ${where}, so there was nothing to wait for; use a longer window (--duration)`;
      const compared = judge(side('before', calling(...each)), side('after', candidate));
      expect(compared).toMatchObject({ exitCode: 4, counts: { error: 3 } });
      expect(sentences(compared)).toContain(`in the candidate ${flaw}`);
      expect(sentences(judge(side('before', candidate), side('after', calling(...each))))).toContain(
        `in the baseline ${flaw}`,
      );
      const limited = judge(null, side('after', candidate), 'rules: [{ limits: [longest_ns <= 50ms] }]');
      expect(limited.exitCode).toBe(4);
      expect(sentences(limited)).toBe(`in the candidate ${flaw}`);
    });

    test('a series that takes no lock is judged all the same', () => {
      const judged = (series: string): number => {
        const idle = side(
          'after',
          calling(...none).map((run) => ({ ...run, series })),
        );
        return judge(null, idle, `rules: [{ series: [${series}], limits: [service.p99_ns <= 1ms] }]`).exitCode;
      };
      expect(judged('control.timer')).toBe(0);
      expect(judged('writer.mprotect')).toBe(4);
    });

    test('a holder that calls on neither side, or is meant to be idle, is no change', () => {
      expect(judge(side('before', calling(...none)), side('after', calling(...none))).exitCode).toBe(0);
      const manifest = { profile: { name: 'fake', arms: [{ name: 'free', holder: { active: false } }] } };
      const idle = side('after', calling(...none), { manifest });
      expect(judge(null, idle, 'rules: [{ limits: [longest_ns <= 50ms] }]').exitCode).toBe(0);
    });

    test.each([
      ['in no run', none],
      ['not in one run', [...each.slice(1), 0]],
    ])('a limit of calls is unknown where the holder called %s, also beside another arm', (_, calls) => {
      const other = calling(...each).map((run) => ({ ...run, arm: 'other' }));
      const result = judge(
        null,
        side('after', [...calling(...calls), ...other]),
        'rules: [{ limits: [holder.longest_ns <= 50ms] }]',
      );
      expect(result).toMatchObject({ exitCode: 4, counts: { error: 1, pass: 1 } });
      expect(sentences(result)).toContain('no call of the holder is known');
    });

    test('a JVM that kept its heap shows no stall that is missing', () => {
      const manifest = {
        profile: {
          name: 'fake',
          arms: [{ name: 'free', jvm: { flags: ['-XX:G1PeriodicGCInterval=100'] } }],
          duration_ns: 10e9,
        },
      };
      const giving = (n: number): FakeRun[] =>
        each.map(() => ({
          run: {
            jvm: {
              processes: [],
              threads: [],
              log: [
                {
                  name: 'gc.uncommit',
                  durations: { ...times, n, mean_ns: null, max_ns: null },
                  long_count: 0,
                  total_ns: 0,
                  inWindow_ns: 0,
                },
              ],
              logProblems: [],
              cpu_ns: 0,
              cpuOver_ns: 0,
            },
          },
        }));
      const [before, after] = [side('before', giving(3), { manifest }), side('after', giving(0), { manifest })];
      const result = judge(before, after);
      expect(result.exitCode).toBe(4);
      expect(sentences(result)).toContain(
        'in the candidate the JVM gave no heap back in 6 runs of 6, so there was nothing to wait for',
      );
      expect(judge(before, before).exitCode).toBe(0);
    });
  });

  describe('an arm that its JDK could not run', () => {
    const refusedArms: RefusedArm[] = [
      { code: 'jdk-without-collector', arm: 'zgc@jdk-26', jdk: '26.0.2', collector: 'zgc' },
    ];
    const profile = { name: 'fake', arms: [{ name: 'free' }, { name: 'zgc@jdk-26' }], duration_ns: 10e9 };
    const [with_, without] = [
      side('with', runs(8, 0), { manifest: { profile, refusedArms } }),
      side('without', runs(8, 0), { manifest: { profile } }),
    ];

    test.each([
      ['both sides', with_, with_, 'candidate'],
      ['the candidate', without, with_, 'candidate'],
      ['the baseline', with_, without, 'baseline'],
      ['the only side', null, with_, 'candidate'],
    ] as const)('of %s', (_, before, after, role) => {
      const result = judge(before, after, before === null ? 'rules: [{ limits: [longest_ns <= 50ms] }]' : compareAll);
      expect(result).toMatchObject({ exitCode: 4, counts: { error: 1, pass: before === null ? 1 : 3 } });
      expect(result.suites[0]?.checks.find(({ outcome }) => outcome === 'error')).toMatchObject({
        kind: 'evidence',
        rule: 'rule-1',
        arm: 'zgc@jdk-26',
        reason: {
          code: 'arm-not-run',
          role,
          sentence: `the arm zgc@jdk-26 was not run in the ${role}, because JDK 26.0.2 has no zgc collector; name the other arms in the rule (arms), or leave that JDK out`,
        },
      });
    });

    test('if a rule selects it, also if it selects nothing else', () => {
      expect(judge(with_, with_, 'rules: [{ arms: [free], compare: [longest_ns] }]').exitCode).toBe(0);
      expect(judge(with_, with_, 'rules: [{ arms: ["zgc@*"], compare: [longest_ns] }]').exitCode).toBe(4);
    });
  });

  test('a saturated series is judged by its stalls where the rule says so, and never by its response', () => {
    const saturated = (): Side => side('after', runs(8, 0, { figures: { saturated: true } }));
    const result = judge(
      saturated(),
      saturated(),
      'rules: [{ allowSaturated: true, compare: [stalled_share, response.p99_ns] }]',
    );
    expect(outcomes(result)).toEqual([
      ['stalled_share', 'pass'],
      ['response.p99_ns', 'error'],
    ]);
    expect(sentences(result)).toContain('saturated: it could not keep its schedule');
  });

  test('allowed differences are told, and judged', () => {
    const other = side('after', runs(8, 0), {
      manifest: {
        host: {
          kernel: '6.16.0',
          preemption: 'full',
          hz: 250,
          cpuModel: 'A CPU',
          cpus: [0, 1],
          memoryBytes: 8 * 2 ** 30,
        },
      },
    });
    const result = judge(good(), other, `allowDifferent: [kernel]\n${compareAll}`);
    expect(result.outcome).toBe('pass');
    expect(sentencesOf(result.suites[0]?.notes ?? []).join()).toContain(
      'the kernel is 6.18.0 in before and 6.16.0 in after. A difference may come from any of these.',
    );
  });

  test('a setting of the profile that may differ is told, and judged; no other one may', () => {
    const profile = (count: number, rate: number): object => ({
      name: 'fake',
      arms: [{ name: 'free', hogs: { count }, victims: [{ series: 'w', rate }] }],
      duration_ns: 10e9,
    });
    const [before, after] = [
      side('before', runs(8, 0), { manifest: { profile: profile(1, 5) } }),
      side('after', runs(8, 3), { manifest: { profile: profile(3, 5) } }),
    ];
    const allowing = `allowSettings: ['arms.*.hogs.*']\n${compareAll}`;
    expect(sentences(judge(before, after))).toContain(
      "arms.free.hogs.count (1, 3); measure the baseline again, or, if that is the change under test, allow it with allowSettings: [arms.free.hogs.count] in the policy (or --allow-setting 'arms.free.hogs.count')",
    );
    const result = judge(before, after, allowing);
    expect(result).toMatchObject({ outcome: 'fail', policy: { allowSettings: ['arms.*.hogs.*'] } });
    expect(sentencesOf(result.suites[0]?.notes ?? []).join()).toContain(
      'The profile differs in settings that may differ: arms.free.hogs.count (1, 3). A difference may come from that.',
    );
    const also = judge(before, side('after', runs(8, 0), { manifest: { profile: profile(3, 6) } }), allowing);
    expect(also.exitCode).toBe(4);
    expect(sentences(also)).toContain('arms.free.victims.w.rate (5, 6)');
    expect(sentences(also)).not.toContain('hogs');
  });

  test('how often it was run, in which order, under which title, and a later version’s empty settings are no difference', () => {
    const profile = {
      name: 'fake',
      arms: [{ name: 'free', title: 'Other words' }, { name: 'more' }],
      duration_ns: 10e9,
      runs: 99,
      seed: 7,
      title: 'T',
      description: 'D',
      laterSetting: [],
      another: null,
    };
    expect(judge(good(), side('after', runs(8, 0), { manifest: { profile } })).outcome).toBe('pass');
  });
});

describe('a policy that selects nothing is refused', () => {
  const refused = (policy: string, candidate = side('after', runs(8, 0))): string => {
    try {
      return judge(side('before', runs(8, 0)), candidate, policy).verdict;
    } catch (error) {
      if (error instanceof Failure) return `${error.exitCode}: ${error.message}`;
      throw error;
    }
  };

  test.each([
    [
      'rules: [{ arms: [fre], compare: [longest_ns] }]',
      '2: gate.yaml: the rule rule-1 selects nothing in fake: no arm is named fre; did you mean free?; there are free',
    ],
    [
      'rules: [{ series: ["reader.*"], compare: [longest_ns] }]',
      '2: gate.yaml: the rule rule-1 selects nothing in fake: no series is named reader.*; there are writer.mprotect',
    ],
    [
      'rules: [{ name: a, compare: [longest_ns] }, { name: b, arms: ["x*"], compare: [longest_ns] }]',
      'the rule b selects nothing in fake',
    ],
    [
      'rules: [{ profiles: [other], compare: [longest_ns] }]',
      '2: gate.yaml selects nothing: its rules are for other, and the candidates are of fake on Linux 6.18.0',
    ],
    [
      'rules: [{ compare: [longest_ns, gc.pause.longest_ns] }]',
      '2: gate.yaml: the rule rule-1 asks for gc.pause.longest_ns, and no arm that it selects has it: only an arm with a JVM has it; take it out of the rule',
    ],
    [
      'rules: [{ compare: [longest_ns] }, { name: memory, limits: [memory.rss_peak_bytes <= 1GiB, gc.pause.total_ns <= 1s] }]',
      'the rule memory asks for gc.pause.total_ns, and no arm that it selects has it',
    ],
    [
      'rules: [{ compare: [gc.pause.longest_ns, holder.longest_ns] }]',
      'the rule rule-1 selects nothing in fake: it asks for gc.pause.longest_ns and holder.longest_ns, and no arm that it selects has them: only an arm with a JVM has it; only an arm with a holder has it; take them out of the rule',
    ],
    [
      'rules: [{ kernels: ["6.17.*"], compare: [longest_ns] }]',
      'its rules are for Linux 6.17.*, and the candidates are of fake on Linux 6.18.0',
    ],
  ])('%s', (policy, sentence) => {
    expect(refused(policy)).toContain(sentence);
  });

  test('controls are judged where they are named, and else not', () => {
    const profile = { name: 'fake', arms: [{ name: 'foreign-control', control: 'foreign' }], duration_ns: 10e9 };
    const controls = (): Side => side('after', runs(8, 0, { arm: 'foreign-control' }), { manifest: { profile } });
    expect(() => judge(controls(), controls())).toThrow('all of them are controls (name them to gate them)');
    expect(judge(controls(), controls(), 'rules: [{ arms: ["*"], compare: [longest_ns] }]').outcome).toBe('pass');
  });

  test('response times of a series without a schedule', () => {
    const backToBack = (): Side => side('after', runs(8, 0, { figures: { response: null } }));
    expect(() => judge(backToBack(), backToBack(), 'rules: [{ compare: [response.p99_ns] }]')).toThrow(
      'it asks for response.p99_ns, and no arm that it selects has it: a victim that works back to back has no schedule (a rate), and so no response time',
    );
  });

  test('a rule for another kernel is left out beside one that is for this', () => {
    expect(
      refused(
        'rules: [{ kernels: ["6.17.*"], limits: [longest_ns == 0] }, { kernels: ["6.18.*"], compare: [longest_ns] }]',
      ),
    ).toMatch(/^PASS: 1 check/);
  });
});

test('all comparisons of all profiles are decided together', () => {
  const pair = (name: string, stalls: number): GatePair => {
    const profile = { name, arms: [{ name: 'free' }], duration_ns: 10e9 };
    return {
      baseline: side(`${name}-a`, runs(8, 0), { manifest: { profile } }),
      candidate: side(`${name}-b`, runs(8, stalls), { manifest: { profile } }),
      problems: [],
    };
  };
  const alone = gate([pair('one', 2)], readPolicy(compareAll, 'x'));
  const among = gate([pair('one', 2), pair('two', 2), pair('three', 0)], readPolicy(compareAll, 'x'));
  expect(among.suites.map(({ profile, checks }) => [profile, checks.length])).toEqual([
    ['one', 3],
    ['two', 3],
    ['three', 3],
  ]);
  // Nothing is as far away in any other division, however many figures are looked at.
  const p = (result: GateResult): number => result.suites[0]?.checks[0]?.comparison?.pAdjusted ?? 0;
  expect([p(alone), p(among)]).toEqual([1 / 12870, 1 / 12870]);
  expect(among.together).toMatchObject({ finding: 'named', p: 1 / 12870, divisions: 12870, exact: true });
  expect(among.verdict).toMatch(/^FAIL: 6 of 9 checks failed\. one, free, /);
});

describe('the conclusion is a code, and the exit code follows from it', () => {
  const strict = `inconclusive: fail\n${compareAll}`;
  const before = (): Side => side('before', runs(8, 0));
  const few = (): Side => side('after', runs(2, 0));
  const counts = [10, 12, 8, 11, 9, 13];
  const varied = (all: readonly number[]): FakeRun[] => all.map((count) => ({ stalls: stalled(count) }));
  const open = (policy?: string): GateResult =>
    judge(side('before', varied(counts)), side('after', varied(counts.toReversed())), policy);
  test.each([
    ['pass', () => judge(before(), side('after', runs(8, 0))), 0],
    ['checks-failed', () => judge(before(), side('after', runs(8, 12))), 3],
    ['no-evidence', () => judge(before(), few()), 4],
    ['no-evidence', () => judge(before(), few(), strict), 4],
    ['inconclusive', () => open(), 4],
    ['inconclusive-fails', () => open(strict), 3],
  ] as const)('%s', (code, result, exitCode) => {
    expect(result()).toMatchObject({ conclusion: { code }, exitCode });
  });

  test('which names the first check that decided it, by codes too', () => {
    const { conclusion, suites } = judge(before(), few());
    expect(conclusion).toMatchObject({ error_n: 3, first: { profile: 'fake', arm: 'free', reason: 'too-few-runs' } });
    expect(suites[0]?.checks[0]?.reason).toMatchObject({
      code: 'too-few-runs',
      role: 'candidate',
      runs_n: 2,
      minimumRuns_n: 6,
    });
  });
});
