/**
 * How rounds can be divided again. A round contains everything that was measured in a repetition, for all arms and
 * kernels, and moves as a whole: its figures describe the same stalls, and its arms share the state of the machine.
 *
 *   apart     each side was measured separately: if nothing differs, every choice of `b` rounds out of all is as likely
 *             as the observed one
 *   in turns  both sides were measured in every round, in random order: the sides of each round could as well have been
 *             exchanged
 */
import { randomBelow, type Random } from '../prng.js';
import { binomial } from '../sample.js';

export type Shape =
  | { readonly kind: 'apart'; readonly a: number; readonly b: number }
  | { readonly kind: 'in turns'; readonly rounds: number };

/**
 * Marks of a shape. Apart: of the rounds of `a` followed by those of `b`, the rounds that count as b's are 1. In turns:
 * a round whose sides are exchanged is 1.
 */
export type Marks = Uint8Array;

/** Up to this number, all divisions are examined. Beyond it, this many: the observed division and random ones. */
export const mostDivisions = 20_000;

export function waysOf(shape: Shape): number {
  return shape.kind === 'apart' ? binomial(shape.a + shape.b, shape.b) : 2 ** shape.rounds;
}

/** With several shapes, every combination is a division. */
export function divisionsOf(shapes: readonly Shape[]): { readonly divisions: number; readonly exact: boolean } {
  const ways = shapes.reduce((product, shape) => product * waysOf(shape), 1);
  return ways <= mostDivisions ? { divisions: ways, exact: true } : { divisions: mostDivisions, exact: false };
}

/**
 * Calls back with the marks of each shape, starting with the observed division. The arrays are reused for the next
 * call.
 */
export function forEachDivision(
  shapes: readonly Shape[],
  random: Random,
  use: (marks: readonly Marks[]) => void,
): void {
  const { divisions, exact } = divisionsOf(shapes);
  const marks = shapes.map(observedMarks);
  use(marks);
  if (exact) {
    // An odometer: the first shape that has another division advances, and the shapes before it start again.
    while (shapes.some((shape, i) => advance(shape, marks[i]))) use(marks);
    return;
  }
  for (let left = divisions - 1; left > 0; left -= 1) {
    shapes.forEach((shape, i) => {
      draw(shape, marks[i], random);
    });
    use(marks);
  }
}

function observedMarks(shape: Shape): Marks {
  if (shape.kind === 'in turns') return new Uint8Array(shape.rounds);
  return new Uint8Array(shape.a + shape.b).fill(1, shape.a);
}

/**
 * Advances to the next division of the shape. False: that was the last, and the marks are back at the observed
 * division.
 */
function advance(shape: Shape, marks: Marks | undefined): boolean {
  if (marks === undefined) return false;
  return shape.kind === 'in turns' ? nextNumber(marks) : previousChoice(marks);
}

/** Marks as binary digits, the lowest first. */
function nextNumber(marks: Marks): boolean {
  for (let i = 0; i < marks.length; i += 1) {
    marks[i] = 1 - (marks[i] ?? 0);
    if (marks[i] === 1) return true;
  }
  return false;
}

/**
 * The previous choice in lexicographic order, starting with the last: the observed choice has all its marks at the end.
 */
function previousChoice(marks: Marks): boolean {
  let after = 0;
  for (let i = marks.length - 1; i > 0; i -= 1) {
    if (marks[i] !== 1) continue;
    if (marks[i - 1] === 1) {
      after += 1;
      continue;
    }
    marks[i - 1] = 1;
    marks.fill(0, i);
    marks.fill(1, marks.length - after);
    return true;
  }
  const chosen = marks.reduce((sum, mark) => sum + mark, 0);
  marks.fill(0).fill(1, marks.length - chosen);
  return false;
}

function draw(shape: Shape, marks: Marks | undefined, random: Random): void {
  if (marks === undefined) return;
  if (shape.kind === 'in turns') {
    for (let i = 0; i < marks.length; i += 1) marks[i] = random() < 0.5 ? 0 : 1;
    return;
  }
  for (let last = marks.length - 1; last > 0; last -= 1) {
    const other = randomBelow(last + 1, random);
    [marks[last], marks[other]] = [marks[other] ?? 0, marks[last] ?? 0];
  }
}
