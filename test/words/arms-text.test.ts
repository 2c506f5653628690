/** Dozens of arms fit into a sentence. */
import { expect, test } from 'vitest';
import { armsText } from '../../src/words/arms-text.js';

const on = (arms: readonly string[], jdks: readonly string[]) =>
  arms.flatMap((arm) => jdks.map((jdk) => `${arm}@jdk-${jdk}`));

test.each([
  [['a'], 'a'],
  [on(['g1', 'zgc'], ['17', '21']), 'g1@jdk-17, g1@jdk-21, zgc@jdk-17 and zgc@jdk-21'],
  [on(['g1', 'zgc'], ['17', '21', '25']), 'g1 and zgc (each @jdk-17, @jdk-21 and @jdk-25)'],
  [
    [...on(['g1', 'zgc'], ['17', '21']), 'serial@jdk-25', 'native'],
    'g1 and zgc (each @jdk-17 and @jdk-21), serial (@jdk-25), and native',
  ],
  [on(['g1'], ['17', '21', '25', '26', '27']), 'g1 (@jdk-17, @jdk-21, @jdk-25, @jdk-26 and @jdk-27)'],
  [['a', 'b', 'c', 'd', 'e'], 'a, b, c, d and e'],
])('%j', (names, text) => {
  expect(armsText(names)).toBe(text);
});
