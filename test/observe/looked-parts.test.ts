/** Waits of a thread, from looks at it. */
import { describe, expect, test } from 'vitest';
import { waitsOf, withQueueTime } from '../../src/observe/sampling/looked-parts.js';
import { stateSpans } from '../../src/record/states.js';
import { lookedAt } from '../support/looks.js';

/** Such as `D 40`, in ms. */
const seen = (letters: string): string[] =>
  waitsOf(lookedAt('worker', 11, letters)).map((parts) =>
    parts.map(({ letter, start_ns, end_ns }) => `${letter} ${Math.round((end_ns - start_ns) / 1e6)}`).join(', '),
  );

const near = (found: string | undefined, letter: string, ms: number): void => {
  const [, of, length] = /^(\w) (\d+)$/.exec(found ?? '') ?? [];
  expect(of).toBe(letter);
  expect(Math.abs(Number(length) - ms)).toBeLessThanOrEqual(10);
};

describe('a wait', () => {
  test('is the time in which a thread was blocked, to a period', () => {
    const waits = seen('ssssddddddddssss');
    expect(waits).toHaveLength(1);
    near(waits[0], 'D', 80);
  });

  test('is the time in which a thread was stopped', () => {
    const waits = seen('sssttttttsss');
    expect(waits).toHaveLength(1);
    near(waits[0], 'T', 60);
  });

  test('for a CPU has the length that the run delay says', () => {
    expect(seen('rrrrqqqqqqrrrr')).toContain('R 60');
  });

  test('for a CPU is found behind a sleep that the sampler did not look into', () => {
    expect(seen('sssswwwwwssss')).toEqual(['R 50']);
  });

  test('for a CPU behind a block belongs to the same wait', () => {
    const [wait = ''] = seen('ssddddddwwwwssss');
    const [blocked, queued] = wait.split(', ');
    near(blocked, 'D', 60);
    expect(queued).toBe('R 40');
  });

  test('that has not ended lasts to the last look', () => {
    near(seen('ssssdddddddd')[0], 'D', 80);
    near(seen('ssssqqqqqqqq')[0], 'R', 70);
  });

  test('ends with its thread', () => {
    const waits = seen('ssssddddx');
    expect(waits).toHaveLength(1);
    near(waits[0], 'D', 40);
  });

  test.each(['ssssssssss', 'rrrrrrrrrr', 'srsrsrsrsrs', ''])('is none in %s', (letters) => {
    expect(seen(letters).filter((one) => !/^R \d$/.test(one))).toEqual([]);
  });

  test('does not go on over work', () => {
    expect(seen('ddddrrrdddd')).toHaveLength(2);
  });
});

test('a timeline says that a thread waited for a CPU where the sampler had seen it asleep', () => {
  const timeline = withQueueTime(lookedAt('worker', 11, 'sssswwwwwwssss'));
  const states = stateSpans(timeline, 0, 140e6).map(({ state, looks }) => `${state}×${looks}`);
  expect(states.join(' ')).toBe('S×4 R×6 S×4');
  const untouched = lookedAt('worker', 11, 'ssddss');
  expect(withQueueTime(untouched)).toBe(untouched);
});
