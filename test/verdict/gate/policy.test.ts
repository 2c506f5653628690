import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.js';
import { defaultPolicyText } from '../../../src/verdict/gate/default-policy.js';
import { policyJsonSchema } from '../../../src/verdict/gate/policy-schema.js';
import { defaultGatePolicy, loadPolicy, readPolicy } from '../../../src/verdict/gate/policy.js';
import { matches } from '../../../src/verdict/gate/pattern.js';

function refused(text: string): string {
  try {
    readPolicy(text, 'gate.yaml');
  } catch (error) {
    if (error instanceof Failure) return `${error.exitCode}: ${error.message}`;
    throw error;
  }
  return 'accepted';
}

test('the published JSON Schema is this version’s', async () => {
  await expect(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../../profiles/gate-policy.schema.json',
  );
});

test('a policy is read in full', () => {
  const policy = readPolicy(
    `alpha: 1%
minimumRuns: 10
inconclusive: fail
allowDifferent: [kernel]
allowSettings: ['arms.*.hogs.*']
rules:
  - name: never
    arms: [free-*]
    series: [writer.*]
    kernels: ['6.17.*']
    limits: [longest_ns <= 50ms, stalls_per_minute == 0, stalled_share < 1%, service.p99_9_ns <= 2ms, longest <= 0]
  - compare:
      - stalled_share
      - { metric: longest_ns, relative: 20%, absolute: 20ms }
      - { metric: stalls_per_minute, absolute: 0.5 }
      - { metric: stalled_share, absolute: 1% }
    allowSaturated: true
`,
    'gate.yaml',
  );
  expect(policy).toMatchObject({
    alpha: 0.01,
    minimumRuns: 10,
    inconclusive: 'fail',
    allowDifferent: ['kernel'],
    allowSettings: ['arms.*.hogs.*'],
  });
  expect(policy.rules.map(({ name }) => name)).toEqual(['never', 'rule-2']);
  expect(policy.rules[0]?.limits.map(({ metric, operator, value }) => [metric.name, operator, value])).toEqual([
    ['longest_ns', '<=', 50e6],
    ['stalls_per_minute', '==', 0],
    ['stalled_share', '<', 0.01],
    ['service.p99_9_ns', '<=', 2e6],
    ['longest_ns', '<=', 0],
  ]);
  expect(policy.rules[1]?.compare.map(({ metric, relative, absolute }) => [metric.name, relative, absolute])).toEqual([
    ['stalled_share', null, null],
    ['longest_ns', 0.2, 20e6],
    ['stalls_per_minute', null, 0.5],
    ['stalled_share', null, 0.01],
  ]);
  expect(policy.rules[1]?.allowSaturated).toBe(true);
});

test('the default policy is one, and says what it leaves out', () => {
  const policy = defaultGatePolicy();
  expect(policy).toMatchObject({ alpha: 0.05, minimumRuns: 6, inconclusive: 'exit-4', allowDifferent: [] });
  expect(policy.rules.flatMap(({ compare }) => compare.map(({ metric }) => metric.name))).toEqual([
    'stalled_share',
    'stalls_per_minute',
    'longest_ns',
  ]);
  // What it shows as a comment can be used.
  const uncommented = defaultPolicyText.replace(/^ {2}# (?=- |  )/gm, '  ');
  expect(readPolicy(uncommented, 'x').rules.map(({ name }) => name)).toEqual(['stalls', 'percentiles', 'never-longer']);
});

const rules = 'rules: [{ compare: [stalled_share] }]';

test.each<[string, string, string]>([
  [
    'nothing',
    '',
    '2: gate.yaml:1:1: expected a policy, a mapping with keys such as minimumRuns and rules, got nothing',
  ],
  ['a list', '- 1', 'expected a policy, a mapping'],
  ['no rules', 'alpha: 5%', 'expected a list of 1 to 100 rules, got nothing'],
  ['empty rules', 'rules: []', 'expected a list of 1 to 100 rules, got an empty list'],
  [
    'an unknown key',
    `minimalRuns: 3\n${rules}`,
    '2: gate.yaml:1:1 minimalRuns: unknown key; did you mean minimumRuns?',
  ],
  ['a key of the prototype', `__proto__: { alpha: 5% }\n${rules}`, 'gate.yaml:1:1 __proto__: unknown key'],
  [
    'a key of the prototype in a rule',
    'rules:\n  - compare: [stalled_share]\n    constructor: 1',
    'gate.yaml:3:5 rules[0].constructor: unknown key',
  ],
  ['NaN', `alpha: .nan\n${rules}`, 'gate.yaml:1:8 alpha: expected a share from 0% to 100%, such as 5%, got NaN'],
  ['NaN runs', `minimumRuns: .nan\n${rules}`, 'expected a whole number from 2 to 1000, got NaN'],
  ['one run', `minimumRuns: 1\n${rules}`, 'expected a whole number from 2 to 1000, got 1'],
  ['an infinite margin', 'rules: [{ compare: [{ metric: stalls_per_minute, absolute: .inf }] }]', 'got Infinity'],
  ['a NaN margin', 'rules: [{ compare: [{ metric: stalls_per_minute, absolute: .nan }] }]', 'got NaN'],
  ['an alpha of nothing', `alpha: 0%\n${rules}`, 'expected at least 0.01% and at most 20%, got 0%'],
  ['a word', `inconclusive: ignore\n${rules}`, 'expected one of exit-4, fail, pass, got "ignore"'],
  ['settings that are no list', `allowSettings: arms\n${rules}`, 'expected a list of settings such as arms.*.hogs.*'],
  ['an environment', `allowDifferent: [cernel]\n${rules}`, 'did you mean kernel?'],
  [
    'an unknown metric',
    'rules:\n  - compare: [stalled_shar]',
    'gate.yaml:2:15 rules[0].compare[0]: there is no metric stalled_shar; did you mean stalled_share?',
  ],
  [
    'an unknown metric in a mapping',
    'rules:\n  - compare: [{ metric: toString }]',
    'gate.yaml:2:25 rules[0].compare[0].metric: there is no metric toString',
  ],
  [
    'a limit without a value',
    'rules: [{ limits: [longest_ns] }]',
    'expected a metric, a comparison and a value, such as longest_ns <= 50ms, got "longest_ns"',
  ],
  [
    'a limit the wrong way round',
    'rules: [{ limits: [longest_ns >= 50ms] }]',
    'expected <=, < or == (more of longest_ns is worse), got >=',
  ],
  ['a limit of another kind', 'rules: [{ limits: [longest_ns <= 5%] }]', 'expected a duration such as 20ms'],
  ['a limit of a bare number of no unit', 'rules: [{ limits: [longest <= 50] }]', 'expected a duration such as 20ms'],
  [
    'a margin of a bare number',
    'rules: [{ compare: [{ metric: longest_ns, absolute: 50 }] }]',
    'expected a duration such as 20ms',
  ],
  ['a limit of NaN', 'rules: [{ limits: [stalls_per_minute <= NaN] }]', 'expected a number a minute, such as 0.5'],
  ['a limit that nothing meets', 'rules: [{ limits: [longest_ns == 3ms] }]', 'expected == with 0 alone'],
  ['a limit below 0', 'rules: [{ limits: [longest_ns < 0] }]', 'no value is below 0; use == 0'],
  ['a rule that asks for nothing', 'rules: [{ arms: [a] }]', 'expected limits, compare or both'],
  [
    'two of one name',
    'rules: [{ name: a, compare: [longest_ns] }, { name: a, compare: [longest_ns] }]',
    'a rule before it is named a too',
  ],
  ['what is no YAML', 'rules: [', 'not valid YAML'],
  [
    'an alias bomb',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d]`,
    'at most 20000 values',
  ],
])('%s is refused', (_, text, sentence) => {
  const message = refused(text);
  expect(message).toContain(sentence);
  expect(message).toMatch(/^2: gate\.yaml:\d+:\d+/);
});

test('a file that is not there is refused', () => {
  expect(() => loadPolicy('/nowhere/gate.yaml')).toThrow('cannot read /nowhere/gate.yaml: there is no such file');
  expect(() => loadPolicy('/proc')).toThrow('it is a folder');
});

describe('patterns', () => {
  test.each<[string, string, boolean]>([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*a', 'a', false],
    ['a*b*c', 'axbxc', true],
    ['a*b*c', 'axc', false],
    ['*b*', 'abc', true],
    ['a.c', 'abc', false],
    ['**', 'x', true],
    ['ab*ba', 'aba', false],
  ])('%s and %s: %s', (pattern, name, wanted) => {
    expect(matches(pattern, name)).toBe(wanted);
  });

  test('take no time whatever they are', () => {
    expect(matches('*a'.repeat(100), `${'a'.repeat(5000)}b`)).toBe(false);
  });
});
