import { expect, test } from 'vitest';
import type { PassNeeds } from '../../../src/facts/gate-facts.js';
import type { MetricUnit } from '../../../src/facts/metric-facts.js';
import { passNeeds } from '../../../src/verdict/gate/pass-needs.js';
import { gateVerdict } from '../../../src/words/gate-words.js';

type Open = Parameters<typeof passNeeds>[0][number];

function open(
  of: 'difference' | 'equivalence',
  runs: number | null,
  {
    unit = 'time',
    bound = null,
    boundRelative = null,
    p = 0.1,
  }: { unit?: MetricUnit; bound?: number | null; boundRelative?: number | null; p?: number } = {},
): Open {
  return {
    metric: `a_${unit}`,
    title: `a ${unit}`,
    unit,
    p,
    wouldDecide: { runs, of },
    noWorse: { holds: false, bound, boundRelative, setAside: 0 },
  };
}

function words(needs: PassNeeds | null): string {
  const counts = { judged_n: 1, fail_n: 0, error_n: 0, inconclusive_n: 1, profiles_n: 1, suites_n: 1, first: null };
  return gateVerdict(
    { ...counts, code: 'inconclusive', passNeeds: needs },
    { first: null, together: null, policy: 'gate.yaml' },
  );
}

test('a pass needs as many runs as the metric that needs most', () => {
  const needs = passNeeds([open('equivalence', 20), open('equivalence', 149)]);
  expect(needs).toEqual({ runs_n: 149, showWorse_n: null, showWorse_p: null, margins: [] });
  expect(words(needs)).toMatch(/ To pass, runs like these need about 149 runs a side\.$/);
  expect(passNeeds([open('equivalence', 20), open('equivalence', null)])).toBeNull();
});

test('what is beyond its margin may be so by chance: how many runs prove it, and how often it looks so', () => {
  const needs = passNeeds([
    open('equivalence', 149),
    open('difference', 120, { p: 0.3 }),
    open('difference', 95, { p: 0.104 }),
  ]);
  expect(needs).toEqual({ runs_n: null, showWorse_n: 95, showWorse_p: 0.104, margins: [] });
  const text = words(needs);
  expect(text).toMatch(
    / If it is as much worse as these runs show, about 95 runs a side would prove it; by chance alone such a check looks like this in 10 % of gates\.$/,
  );
  expect(text).not.toContain('To pass');
  expect(passNeeds([open('equivalence', 149), open('difference', null)])).toBeNull();
});

test('a margin lets it pass all the same', () => {
  const needs = passNeeds([open('difference', 95, { bound: 4e6, boundRelative: 0.231 })]);
  expect(words(needs)).toMatch(
    / To pass, runs like these need margins of at least 24 % \(a time\)\. If it is as much worse as these runs show, about 95 runs a side would prove it; by/,
  );
});

test.each<[MetricUnit, number, string]>([
  ['time', 83_449_000, '83.5 ms'],
  ['time', 999_600_000, '1.00 s'],
  ['time', 500, '500 ns'],
  ['time', 2000e9, '33.4 min'],
  ['share', 0.0833_49, '8.34 pp'],
  ['share', 1e-9, '0.00100 pp'],
  ['per_minute', 0.300_1, '0.301'],
  ['count', 7, '7'],
  ['bytes', 83.449 * 2 ** 20, '83.5 MiB'],
])('a margin in %s is rounded up to what is printed: %d', (unit, bound, printed) => {
  const needs = passNeeds([open('equivalence', null, { unit, bound })]);
  const absolute = needs?.margins[0]?.margin.absolute ?? 0;
  expect(absolute).toBeGreaterThanOrEqual(bound);
  expect(words(needs)).toContain(`margins of at least ${printed} (`);
});
