/** What a joint test can decide at all, told from the number of rounds alone, before a value is looked at. */
import { divisionsOf, type Shape } from './divisions.js';
import type { Sidedness } from './joint-test.js';

/** The smallest p that any outcome of such rounds has. */
export function smallestP(shapes: readonly Shape[], sidedness: Sidedness): number {
  const { divisions, exact } = divisionsOf(shapes);
  // With equal sides every division has its mirror image, which is as far away in the other direction.
  const mirrored = shapes.every((shape) => shape.kind === 'in turns' || shape.a === shape.b);
  return (sidedness === 'two' && exact && mirrored ? 2 : 1) / divisions;
}

/** The least rounds of b beside so many of a, measured apart, at which p ≤ `level` is possible; null: none. */
export function leastRoundsBeside(level: number, a: number, sidedness: Sidedness): number | null {
  return leastOf(level, (b) => ({ kind: 'apart', a, b }), sidedness);
}

/**
 * The least rounds a side at which p ≤ `level` is possible; null: none, because more divisions than are looked at were
 * needed.
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
