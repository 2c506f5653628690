/** What a joint test can decide at all, known from the number of rounds alone, before any value is seen. */
import { divisionsOf, type Shape } from './divisions.js';
import type { Sidedness } from './joint-test.js';

/** The smallest p that any outcome of these rounds can have. */
export function smallestP(shapes: readonly Shape[], sidedness: Sidedness): number {
  const { divisions, exact } = divisionsOf(shapes);
  // If the sides are equal, every division has a mirror image, which is as far away in the other direction.
  const mirrored = shapes.every((shape) => shape.kind === 'in turns' || shape.a === shape.b);
  return (sidedness === 'two' && exact && mirrored ? 2 : 1) / divisions;
}

/**
 * The least number of b's rounds, measured apart from this many of a, for which p ≤ `level` is possible; null: none.
 */
export function leastRoundsBeside(level: number, a: number, sidedness: Sidedness): number | null {
  return leastOf(level, (b) => ({ kind: 'apart', a, b }), sidedness);
}

/**
 * The least number of rounds per side for which p ≤ `level` is possible; null: none, because it would need more
 * divisions than are examined.
 */
export function leastRounds(level: number, kind: Shape['kind'], sidedness: Sidedness): number | null {
  return leastOf(level, (n) => (kind === 'apart' ? { kind, a: n, b: n } : { kind, rounds: n }), sidedness);
}

function leastOf(level: number, shapeOf: (rounds: number) => Shape, sidedness: Sidedness): number | null {
  if (!(level > 0 && level < 1)) throw new RangeError(`${level} is not a level between 0 and 1`);
  for (let n = 1; ; n += 1) {
    const shape = shapeOf(n);
    if (smallestP([shape], sidedness) <= level) return n;
    if (!divisionsOf([shape]).exact) return null;
  }
}
