import { describe, expect, test } from 'vitest';
import { familiesOf, smallestPOf, type Figure } from '../../src/verdict/compare/joint-design.js';

const margin = { relative: 0.1, absolute: 0 };

interface Place {
  readonly experiment: string;
  readonly arm?: string;
  readonly rounds?: readonly number[];
}

function figure(a: Place, b: Place): Figure {
  const origin = ({ experiment, arm = 'one', rounds = [1, 2, 3, 4, 5, 6] }: Place) => ({ experiment, arm, rounds });
  const [own, other] = [origin(a), origin(b)];
  return {
    a: own.rounds.map((round) => round),
    b: other.rounds.map((round) => 10 * round),
    margin,
    origin: { a: own, b: other },
  };
}

const shapes = (figures: readonly Figure[], alpha = 0.05): string[][] =>
  familiesOf(figures, alpha, 'one').map(({ blocks }) =>
    blocks.map(
      ({ shape, figures: own }) =>
        `${own.length}: ${shape.kind === 'apart' ? `${shape.a} and ${shape.b}` : `${shape.rounds} in turns`}`,
    ),
  );

describe('families and blocks', () => {
  test('arms of one experiment are one block, of another profile another block of the family', () => {
    const pair = (experiment: string, arm: string): Figure =>
      figure({ experiment, arm }, { experiment: `${experiment}-b`, arm });
    expect(shapes([pair('p', 'one'), pair('p', 'one'), pair('p', 'two'), pair('q', 'one')])).toEqual([
      ['3: 6 and 6', '1: 6 and 6'],
    ]);
  });

  test('a round that one arm lacks stays a round, and the arm has no value in it', () => {
    const [family] = familiesOf(
      [
        figure({ experiment: 'a', arm: 'x' }, { experiment: 'b', arm: 'x' }),
        figure({ experiment: 'a', arm: 'y', rounds: [1, 2, 4, 5, 6] }, { experiment: 'b', arm: 'y' }),
      ],
      0.05,
      'one',
    );
    expect(family?.blocks).toHaveLength(1);
    expect(family?.blocks[0]?.figures[1]?.a).toEqual([1, 2, null, 4, 5, 6]);
    expect(family?.blocks[0]?.figures[1]?.b).toEqual([10, 20, 30, 40, 50, 60]);
  });

  test('arms that were measured one after the other have no round in common', () => {
    const later = [7, 8, 9, 10, 11, 12];
    expect(
      shapes([
        figure({ experiment: 'a', arm: 'x' }, { experiment: 'b', arm: 'x' }),
        figure({ experiment: 'a', arm: 'y', rounds: later }, { experiment: 'b', arm: 'y', rounds: later }),
      ]),
    ).toEqual([['1: 6 and 6', '1: 6 and 6']]);
  });

  test('each further candidate of a reference is a family, and so is each further partner of an arm', () => {
    expect(
      shapes([figure({ experiment: 'a' }, { experiment: 'b' }), figure({ experiment: 'a' }, { experiment: 'c' })]),
    ).toHaveLength(2);
    expect(
      shapes([
        figure({ experiment: 'a', arm: 'x' }, { experiment: 'b', arm: 'y' }),
        figure({ experiment: 'a', arm: 'x' }, { experiment: 'b', arm: 'z' }),
      ]),
    ).toHaveLength(2);
    // Of one experiment, x against y and y against z: y cannot be on both sides.
    expect(
      shapes([
        figure({ experiment: 'a', arm: 'x' }, { experiment: 'a', arm: 'y' }),
        figure({ experiment: 'a', arm: 'y' }, { experiment: 'a', arm: 'z' }),
      ]),
    ).toHaveLength(2);
  });

  test('their p-values are multiplied', () => {
    const two = familiesOf(
      [figure({ experiment: 'a' }, { experiment: 'b' }), figure({ experiment: 'a' }, { experiment: 'c' })],
      0.05,
      'one',
    );
    expect(smallestPOf(two, 'one')).toBe(2 / 924);
    expect(smallestPOf([], 'one')).toBe(1);
  });
});

describe('sides of one experiment', () => {
  const arms = (rounds: readonly number[], other = rounds): Figure =>
    figure({ experiment: 'a', arm: 'x', rounds }, { experiment: 'a', arm: 'y', rounds: other });

  test('stay pairs, if there are enough of them', () => {
    expect(shapes([arms([1, 2, 3, 4, 5])])).toEqual([['1: 5 in turns']]);
    expect(shapes([arms([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7])])).toEqual([['1: 5 in turns']]);
  });

  test('are divided as two groups where pairs could show nothing', () => {
    expect(shapes([arms([1, 2, 3, 4])])).toEqual([['1: 4 and 4']]);
    expect(shapes([arms([1, 2, 3, 4, 5])], 0.01)).toEqual([['1: 5 and 5']]);
    // Two runs a side show nothing either way.
    expect(shapes([arms([1, 2])])).toEqual([['1: 2 in turns']]);
  });
});
