import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import { gate, type GatePair } from '../../../src/verdict/gate/gate.js';
import type { Check, GateResult } from '../../../src/verdict/gate/gated.js';
import { readPolicy } from '../../../src/verdict/gate/policy.js';
import { readSide } from '../../../src/verdict/read-side.js';
import type { Side } from '../../../src/verdict/side.js';
import { scratchFolder } from '../../support/scratch.js';
import { stalled, writeFakeBundle, type FakeBundle, type FakeRun } from '../fake-bundle.js';

const scratch = scratchFolder();
const ms = 1e6;

function side(name: string, runs: readonly FakeRun[], more: Omit<FakeBundle, 'runs'> = {}): Side {
  const path = scratch.fresh(name);
  writeFakeBundle(path, { runs, ...more });
  return { ...readSide(path, { threshold_ns: 1 }), label: name };
}

/** Runs with about so many stalls each. */
function runs(n: number, stalls: number, more: FakeRun = {}): FakeRun[] {
  return Array.from({ length: n }, (_, i) => ({ ...more, stalls: { ...stalled(stalls === 0 ? 0 : stalls + (i % 2)), ...more.stalls } }));
}

const compareAll = 'rules: [{ compare: [stalled_share, stalls_per_minute, longest_ns] }]';

function judge(baseline: Side | null, candidate: Side, policy = compareAll, problems: GatePair['problems'] = []): GateResult {
  return gate([{ baseline, candidate, problems }], readPolicy(policy, 'gate.yaml'));
}

const outcomes = ({ suites }: GateResult): [string | null, Check['outcome']][] => suites.flatMap(({ checks }) => checks.map(({ metric, outcome }): [string | null, Check['outcome']] => [metric, outcome]));
const sentences = ({ suites }: GateResult): string => suites.flatMap(({ checks }) => checks.map(({ sentence }) => sentence)).join('\n');

describe('comparisons', () => {
  test('pass where nothing differs', () => {
    const result = judge(side('before', runs(8, 0)), side('after', runs(8, 0)));
    expect(result).toMatchObject({ outcome: 'pass', exitCode: 0, counts: { pass: 3, fail: 0, error: 0, inconclusive: 0 } });
    expect(result.verdict).toBe('PASS: 3 checks of 1 profile, by gate.yaml.');
  });

  test('fail where it is worse, and say by how much', () => {
    const result = judge(side('before', runs(8, 0)), side('after', runs(8, 3)));
    expect(result).toMatchObject({ outcome: 'fail', exitCode: 3, counts: { fail: 3 } });
    expect(result.verdict).toMatch(/^FAIL: 3 of 3 checks failed\. free, writer\.mprotect, stalled share ≤ baseline \+ 10 % or 0\.100 pp: regressed: 0 → 17\.5 % \(difference \+17\.5 pp \[.*\], p = 0\.0\d+\)\.$/);
  });

  test('pass where it is better, by however much', () => {
    expect(judge(side('before', runs(8, 3)), side('after', runs(8, 0)))).toMatchObject({ outcome: 'pass', exitCode: 0, counts: { pass: 3 } });
  });

  test('pass where it is certainly no worse, though nobody can say whether it is better', () => {
    // Longest stalls that vary much downwards: no interval lies inside ±10 %, but its upper end does.
    const spread = (scale: number): FakeRun[] => Array.from({ length: 8 }, (_, i) => ({ stalls: { ...stalled(1), longest_ns: (500 - (i === 0 ? scale : 0)) * ms } }));
    const result = judge(side('before', runs(8, 0, { stalls: { ...stalled(1), longest_ns: 500 * ms } })), side('after', spread(400)), 'rules: [{ compare: [longest_ns] }]');
    expect(result.suites[0]?.checks[0]).toMatchObject({ outcome: 'pass', comparison: { verdict: 'inconclusive' } });
  });

  const noisy = (shift: number): FakeRun[] => [2, 9, 1, 14, 3, 7, 5, 11].map((count) => ({ stalls: stalled(count + shift) }));

  test.each([['exit-4', 'inconclusive', 4], ['fail', 'fail', 3], ['pass', 'pass', 0]] as const)('left open are %s: %s', (meaning, outcome, exitCode) => {
    const result = judge(side('before', noisy(0)), side('after', noisy(1)), `inconclusive: ${meaning}\nrules: [{ compare: [stalls_per_minute] }]`);
    expect(result).toMatchObject({ outcome, exitCode, counts: { inconclusive: 1, pass: 0 } });
    expect(result.verdict).toMatch(meaning === 'exit-4' ? /^INCONCLUSIVE: 1 of 1 check left open whether it is worse/ : meaning === 'fail' ? /^FAIL: 1 of 1 check inconclusive, which this policy counts as failed/ : /^PASS: 1 check of 1 profile \(1 of them inconclusive/);
    expect(sentences(result)).toMatch(/about \d+ runs of 10\.0 s a side would/);
  });

  test('take the margin that the rule gives', () => {
    const before = side('before', runs(10, 4));
    const after = side('after', runs(10, 5));
    expect(judge(before, after, 'rules: [{ compare: [{ metric: stalls_per_minute, relative: 100% }] }]').outcome).toBe('pass');
    expect(judge(before, after, 'rules: [{ compare: [{ metric: stalls_per_minute, absolute: 0 }] }]').outcome).toBe('fail');
  });
});

describe('limits', () => {
  const limits = (...texts: string[]): string => `rules: [{ limits: [${texts.map((text) => JSON.stringify(text)).join(', ')}] }]`;

  test('need no baseline, hold in every run, and say how far that carries', () => {
    const result = judge(null, side('after', runs(20, 0)), limits('longest_ns <= 50ms', 'stalls_per_minute == 0', 'service.p99_ns < 1ms'));
    expect(outcomes(result)).toEqual([['longest_ns', 'pass'], ['stalls_per_minute', 'pass'], ['service.p99_ns', 'pass']]);
    // Clopper and Pearson, two-sided: 1 − 0.025^(1/20).
    expect(result.suites[0]?.checks[0]?.limit?.violations_share_high).toBeCloseTo(1 - 0.025 ** (1 / 20), 6);
    expect(result.suites[0]?.checks[0]?.sentence).toBe('in all 20 runs (the highest is 0); up to 16.8 % of such runs may still be beyond it');
  });

  test('one run beyond is one too many, also where little else is known', () => {
    const result = judge(null, side('after', [...runs(1, 0), { stalls: stalled(1) }]), limits('longest_ns <= 50ms'));
    expect(result).toMatchObject({ outcome: 'fail', exitCode: 3 });
    expect(sentences(result)).toBe('beyond it in 1 of 2 runs; the highest is 500 ms');
  });

  test.each([['longest_ns <= 500ms', 'pass'], ['longest_ns < 500ms', 'fail'], ['stalled_share <= 1%', 'fail']])('%s: %s', (text, outcome) => {
    expect(judge(null, side('after', runs(8, 1)), limits(text)).outcome).toBe(outcome);
  });
});

describe('nothing passes by absence', () => {
  const before = side('before', runs(8, 0));
  const good = (): Side => before;
  const both = 'inconclusive: pass\nrules: [{ compare: [stalled_share], limits: [stalls_per_minute == 0, response.p99_ns <= 1s] }]';

  test.each<[string, () => Side, RegExp]>([
    ['a partial experiment', () => side('after', runs(8, 0), { status: 'partial' }), /the candidate after is not whole: the experiment is not complete \(partial\)/],
    ['a degraded one', () => side('after', runs(8, 0, { run: { degraded: ['nice 19 of holder could not be set'] } })), /the candidate after ran degraded: nice 19 of holder could not be set/],
    ['spoiled runs alone', () => side('after', runs(8, 0, { run: { spoiled: ['steal'] } })), /the candidate after has no whole, unspoiled run; 8 runs of 8 are spoiled/],
    ['too few runs', () => side('after', runs(5, 0)), /the candidate has 5 whole, unspoiled runs of it, and the policy asks for at least 6/],
    ['too few that are whole', () => side('after', [...runs(5, 0), ...runs(3, 0, { run: { spoiled: ['steal'] } })]), /the candidate has 5 whole, unspoiled runs of it/],
    ['a saturated series', () => side('after', runs(8, 0, { figures: { saturated: true } })), /the series is saturated in 8 runs of 8/],
    ['one saturated run', () => side('after', [...runs(8, 0), ...runs(1, 0, { figures: { saturated: true } })]), /the series is saturated in 1 run of 9/],
    ['lost records', () => side('after', runs(8, 0, { figures: { lost_records: 3 } })), /records of slow operations were lost in 8 runs of 8, so the figure is a lower bound/],
    ['a victim that stopped', () => side('after', runs(8, 0, { figures: { exhausted: 3 } })), /the victim used up its fresh pages in 8 runs of 8/],
    ['too few operations', () => side('after', runs(8, 0, { values_ns: [5000, 6000] })), /n too small: p99 needs 368 operations a run/],
    ['another profile', () => side('after', runs(8, 0), { manifest: { profile: { name: 'other', arms: [] } } }), /is of the profile fake and the candidate after of other: they measure different things/],
    ['another setting', () => side('after', runs(8, 0), { manifest: { profile: { name: 'fake', arms: [{ name: 'free' }], duration_ns: 20e9 } } }), /the profile fake is not the same in before and after: duration_ns \(10000000000, 20000000000\)/],
    ['another kernel', () => side('after', runs(8, 0), { manifest: { host: { kernel: '6.16.0', preemption: 'full', hz: 250, cpuModel: 'A CPU', cpus: [0, 1], memoryBytes: 8 * 2 ** 30 } } }), /the environments differ: the kernel is 6\.18\.0 in before and 6\.16\.0 in after; .*--allow-different kernel/],
    ['a series that is gone', () => side('after', runs(8, 0, { series: 'reader.first_fault' })), /the candidate has no whole, unspoiled run of it/],
    ['an arm that is gone', () => side('after', runs(8, 0, { arm: 'other' })), /the candidate has no whole, unspoiled run of it/],
  ])('%s', (_, candidate, sentence) => {
    const result = judge(good(), candidate(), both);
    expect(result.exitCode).toBe(4);
    expect(sentences(result)).toMatch(sentence);
    expect(result.verdict).toMatch(/^NO VERDICT: \d+ problems? with the evidence; nothing passes without it\. /);
    // In the baseline it is no better.
    // A limit asks nothing of a baseline.
    if (!/experiment|profile|environments|n too small/.test(String(sentence))) expect(judge(candidate(), good(), both).exitCode).toBe(4);
  });

  test('a run that its summary tells of and that is gone', () => {
    const whole = side('after', runs(8, 0));
    expect(judge(good(), { ...whole, incomplete: '1 run of which its summary tells is not there (003-free)' }).exitCode).toBe(4);
  });

  test('no baseline for it', () => {
    const result = judge(null, good(), compareAll, ['there is no baseline of the profile fake']);
    expect(result).toMatchObject({ exitCode: 4, verdict: 'NO VERDICT: 1 problem with the evidence; nothing passes without it. There is no baseline of the profile fake.' });
  });

  test('what is known to be worse fails all the same', () => {
    const worse = side('after', runs(8, 3, { figures: { lost_records: 1 } }));
    expect(judge(good(), worse, 'rules: [{ compare: [stalled_share] }]').exitCode).toBe(3);
    // Of a baseline that saw too little nothing is known to be worse.
    expect(judge({ ...side('before', runs(8, 0, { figures: { lost_records: 1 } })) }, side('after', runs(8, 3)), 'rules: [{ compare: [stalled_share] }]').exitCode).toBe(4);
  });

  test('a saturated series is judged by its stalls where the rule says so, and never by its response', () => {
    const saturated = (): Side => side('after', runs(8, 0, { figures: { saturated: true } }));
    const result = judge(saturated(), saturated(), 'rules: [{ allowSaturated: true, compare: [stalled_share, response.p99_ns] }]');
    expect(outcomes(result)).toEqual([['stalled_share', 'pass'], ['response.p99_ns', 'error']]);
    expect(sentences(result)).toContain('saturated: it could not keep its schedule');
  });

  test('allowed differences are told, and judged', () => {
    const other = side('after', runs(8, 0), { manifest: { host: { kernel: '6.16.0', preemption: 'full', hz: 250, cpuModel: 'A CPU', cpus: [0, 1], memoryBytes: 8 * 2 ** 30 } } });
    const result = judge(good(), other, `allowDifferent: [kernel]\n${compareAll}`);
    expect(result.outcome).toBe('pass');
    expect(result.suites[0]?.notes.join()).toContain('the kernel is 6.18.0 in before and 6.16.0 in after. A difference found may come from that.');
  });

  test('a setting of the profile that may differ is told, and judged; no other one may', () => {
    const profile = (count: number, rate: number): object => ({ name: 'fake', arms: [{ name: 'free', hogs: { count }, victims: [{ series: 'w', rate }] }], duration_ns: 10e9 });
    const [before, after] = [side('before', runs(8, 0), { manifest: { profile: profile(1, 5) } }), side('after', runs(8, 3), { manifest: { profile: profile(3, 5) } })];
    const allowing = `allowSettings: ['arms.*.hogs.*']\n${compareAll}`;
    expect(sentences(judge(before, after))).toContain("arms.free.hogs.count (1, 3); measure the baseline anew, or, if that is the change under test, allow it with allowSettings: [arms.free.hogs.count] in the policy (or --allow-setting 'arms.free.hogs.count')");
    const result = judge(before, after, allowing);
    expect(result).toMatchObject({ outcome: 'fail', policy: { allowSettings: ['arms.*.hogs.*'] } });
    expect(result.suites[0]?.notes.join()).toContain('The profile differs in what was allowed to: arms.free.hogs.count (1, 3). A difference found may come from that.');
    const also = judge(before, side('after', runs(8, 0), { manifest: { profile: profile(3, 6) } }), allowing);
    expect(also.exitCode).toBe(4);
    expect(sentences(also)).toContain('arms.free.victims.w.rate (5, 6)');
    expect(sentences(also)).not.toContain('hogs');
  });

  test('how often it was run, in which order, under which title, and a later version’s empty settings are no difference', () => {
    const profile = { name: 'fake', arms: [{ name: 'free', title: 'Other words' }, { name: 'more' }], duration_ns: 10e9, runs: 99, seed: 7, title: 'T', description: 'D', laterSetting: [], another: null };
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
    ['rules: [{ arms: [fre], compare: [longest_ns] }]', '2: gate.yaml: the rule rule-1 selects nothing in fake: no arm is named fre; did you mean free?; there are free'],
    ['rules: [{ series: ["reader.*"], compare: [longest_ns] }]', '2: gate.yaml: the rule rule-1 selects nothing in fake: no series is named reader.*; there are writer.mprotect'],
    ['rules: [{ name: a, compare: [longest_ns] }, { name: b, arms: ["x*"], compare: [longest_ns] }]', 'the rule b selects nothing in fake'],
    ['rules: [{ profiles: [other], compare: [longest_ns] }]', '2: gate.yaml selects nothing: its rules are for other, and the candidates are of fake on Linux 6.18.0'],
    ['rules: [{ kernels: ["6.17.*"], compare: [longest_ns] }]', 'its rules are for Linux 6.17.*, and the candidates are of fake on Linux 6.18.0'],
  ])('%s', (policy, sentence) => {
    expect(refused(policy)).toContain(sentence);
  });

  test('controls are judged where they are named, and else not', () => {
    const profile = { name: 'fake', arms: [{ name: 'foreign-control', control: 'foreign' }], duration_ns: 10e9 };
    const controls = (): Side => side('after', runs(8, 0, { arm: 'foreign-control' }), { manifest: { profile } });
    expect(() => judge(controls(), controls())).toThrow('all arms are controls (name them to gate them)');
    expect(judge(controls(), controls(), 'rules: [{ arms: ["*"], compare: [longest_ns] }]').outcome).toBe('pass');
  });

  test('response times of a series without a schedule', () => {
    const backToBack = (): Side => side('after', runs(8, 0, { figures: { response: null } }));
    expect(() => judge(backToBack(), backToBack(), 'rules: [{ compare: [response.p99_ns] }]')).toThrow('none of its metrics exists for these series');
  });

  test('a rule for another kernel is left out beside one that is for this', () => {
    expect(refused('rules: [{ kernels: ["6.17.*"], limits: [longest_ns == 0] }, { kernels: ["6.18.*"], compare: [longest_ns] }]')).toMatch(/^PASS: 1 check/);
  });
});

test('all comparisons of all profiles are decided together', () => {
  const pair = (name: string, stalls: number): GatePair => {
    const profile = { name, arms: [{ name: 'free' }], duration_ns: 10e9 };
    return { baseline: side(`${name}-a`, runs(8, 0), { manifest: { profile } }), candidate: side(`${name}-b`, runs(8, stalls), { manifest: { profile } }), problems: [] };
  };
  const alone = gate([pair('one', 2)], readPolicy(compareAll, 'x'));
  const among = gate([pair('one', 2), pair('two', 2), pair('three', 0)], readPolicy(compareAll, 'x'));
  expect(among.suites.map(({ profile, checks }) => [profile, checks.length])).toEqual([['one', 3], ['two', 3], ['three', 3]]);
  const p = (result: GateResult): number => result.suites[0]?.checks[0]?.comparison?.pAdjusted ?? 0;
  expect(p(among)).toBeCloseTo(2 * p(alone), 10);
  expect(among.verdict).toMatch(/^FAIL: 6 of 9 checks failed\. one, free, /);
});
