import { expect, test } from 'vitest';
import { checkedUntilN, needsMore, parseUntilN } from '../../src/experiment/plan/until-n.js';
import type { FinishedRun } from '../../src/experiment/summarise.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { countsOfValues } from '../../src/record/histogram/counts.js';
import { analyse } from './fake-run.js';

const { arms } = await loadResolved('g1-uncommit');
const parse = (text: string) => parseUntilN(text, [...arms, { series: ['writer.mprotect'], kind: 'native' }]);

function run(arm: string, pauses: number, spoiled: string[] = [], kernel = '6.18.0'): FinishedRun {
  const file = {
    arm,
    kernel,
    disturbances: spoiled.map((code) => ({ code, sentence: code })),
  } as unknown as FinishedRun['file'];
  return {
    file,
    analysis: analyse({}),
    log: [
      { name: 'gc.pause', counts: countsOfValues(Array<number>(pauses).fill(1000)), long_count: 0, inWindow_ns: 0 },
    ],
  };
}

test('samples are counted over the runs of an arm, and every arm that has some needs them', () => {
  const wanted = parse('gc.pause=10');
  expect(needsMore(wanted, [run('a', 6), run('a', 4)])).toBe(false);
  expect(needsMore(wanted, [run('a', 6), run('a', 4), run('b', 9)])).toBe(true);
  expect(needsMore(wanted, [run('a', 6), run('a', 4, ['steal'])])).toBe(true);
});

test('samples of one kernel are not those of another', () => {
  const wanted = parse('gc.pause=10');
  expect(needsMore(wanted, [run('a', 9), run('a', 9, [], '6.17.0')])).toBe(true);
  expect(needsMore(wanted, [run('a', 10), run('a', 10, [], '6.17.0')])).toBe(false);
});

test('an arm without a single event never would have enough, and is not waited for', () => {
  expect(needsMore(parse('gc.pause=10'), [run('a', 10), run('idle', 0)])).toBe(false);
});

test('a victim’s series counts its served operations', () => {
  expect(needsMore(parse('writer.mprotect=2000'), [run('a', 0)])).toBe(false);
  expect(needsMore(parse('writer.mprotect=2001'), [run('a', 0)])).toBe(true);
});

test.each(['gc.pause', 'gc.pause=', 'gc.pause=0', '=4', 'gc.pause=-1'])('%s is refused', (text) => {
  expect(() => parse(text)).toThrow(`--until-n ${text}: expected a series and a number such as gc.pause=400`);
});

test('a series that no arm has is refused, with what was meant', () => {
  expect(() => parse('gc.pauses=4')).toThrow('no arm has a series gc.pauses; did you mean gc.pause?');
});

test('what a bundle says is checked as it is, without becoming text', () => {
  expect(checkedUntilN({ series: 'gc.pause', n: 10 ** 12 }, arms)).toEqual({ series: 'gc.pause', n: 10 ** 12 });
  expect(() => checkedUntilN({ series: 'gc.pauses', n: 4 }, arms)).toThrow(
    '--until-n gc.pauses=4: no arm has a series',
  );
});
