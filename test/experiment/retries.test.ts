import { expect, test } from 'vitest';
import type { PlannedRun } from '../../src/experiment/plan/order.js';
import { nextRetry } from '../../src/experiment/plan/retries.js';
import { said } from '../support/stated.js';

const planned = (arm: string, repetition = 1, kernel = 'k'): PlannedRun => ({ arm, kernel, repetition });
const isControl = (arm: string): boolean => arm.endsWith('control');

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
  nextRetry(spoiled, files(runs), isControl);

test('an arm without any whole run comes before a third run of a control', () => {
  const spoiled = [planned('foreign-control'), planned('idle-control', 2), planned('across', 1), planned('across', 2)];
  expect(choose(spoiled, { 'foreign-control': '-+', 'idle-control': '+-', across: '--', one: '++' })).toEqual(
    planned('across', 1),
  );
});

test('where several have none, each is tried once before one is tried twice, and an arm before a control', () => {
  const all = [planned('idle-control'), planned('across'), planned('one')];
  expect(choose(all, { 'idle-control': '-', across: '-', one: '-' })).toEqual(planned('across'));
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
  expect(nextRetry(spoiled, [...files({ across: '-+' }, 'a'), ...files({ across: '--' }, 'b')], isControl)).toEqual(
    planned('across', 1, 'b'),
  );
});

test('none where no run is spoiled', () => {
  expect(choose([], { across: '+' })).toBeNull();
});
