import { expect, test } from 'vitest';
import type { PlannedRun } from '../../src/experiment/plan/order.js';
import { dependantsIn, nextRetry, retriesIn } from '../../src/experiment/plan/retries.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { parseSet } from '../support/parse-set.js';
import { said } from '../support/stated.js';

const planned = (arm: string, repetition = 1, kernel = 'k'): PlannedRun => ({ arm, kernel, repetition });
/** Of two arms. */
const dependants_n = (arm: string): number => (arm.endsWith('control') ? 2 : 0);

/** Runs of arms that were good (+) or spoiled (-), such as `idle-control: '+-'`. */
function files(runs: Readonly<Record<string, string>>, kernel = 'k') {
  return Object.entries(runs).flatMap(([arm, marks]) =>
    Array.from(marks, (mark) => ({
      arm,
      kernel,
      status: 'complete' as const,
      disturbances: mark === '+' ? [] : [said('steal')],
    })),
  );
}

const choose = (spoiled: readonly PlannedRun[], runs: Readonly<Record<string, string>>): PlannedRun | null =>
  nextRetry(spoiled, files(runs), dependants_n);

test('an arm without any whole run comes before a third run of a control', () => {
  const spoiled = [planned('foreign-control'), planned('idle-control', 2), planned('across', 1), planned('across', 2)];
  expect(choose(spoiled, { 'foreign-control': '-+', 'idle-control': '+-', across: '--', one: '++' })).toEqual(
    planned('across', 1),
  );
});

test('where several have none, a control is tried as often as its arms together, and each arm in turn', () => {
  const all = [planned('idle-control'), planned('across'), planned('one')];
  expect(choose(all, { 'idle-control': '-', across: '-', one: '-' })).toEqual(planned('idle-control'));
  expect(choose(all, { 'idle-control': '--', across: '-', one: '-' })).toEqual(planned('across'));
  expect(choose(all, { 'idle-control': '-', across: '--', one: '--' })).toEqual(planned('idle-control'));
  expect(choose(all, { 'idle-control': '--', across: '--', one: '-' })).toEqual(planned('one'));
});

test('then who has the fewest whole runs', () => {
  expect(choose([planned('across'), planned('idle-control')], { across: '-++', 'idle-control': '-+' })).toEqual(
    planned('idle-control'),
  );
});

test('an arm on another kernel is another arm', () => {
  const spoiled = [planned('across', 1, 'a'), planned('across', 1, 'b')];
  expect(nextRetry(spoiled, [...files({ across: '-+' }, 'a'), ...files({ across: '--' }, 'b')], dependants_n)).toEqual(
    planned('across', 1, 'b'),
  );
});

test('a control counts for the arms of its JDK, and retries are for each JDK and each kernel', async () => {
  const settings = ['jdks=[deb:17, deb:27]'].map(parseSet);
  const { arms } = await loadResolved('g1-uncommit', settings);
  const of = dependantsIn(arms);
  const measured_n = arms.filter(({ control }) => control === null).length / 2;
  expect([of('idle-control@jdk-17'), of('foreign-control@jdk-27')]).toEqual([measured_n, measured_n]);
  expect(arms.filter(({ control }) => control === null).map(({ name }) => of(name))).toEqual(
    Array(2 * measured_n).fill(0),
  );
  expect([retriesIn(5, arms, 1), retriesIn(2, arms, 3)]).toEqual([10, 12]);
  expect(retriesIn(5, (await loadResolved('convoy')).arms, 1)).toBe(5);
});

test('none where no run is spoiled', () => {
  expect(choose([], { across: '+' })).toBeNull();
});
