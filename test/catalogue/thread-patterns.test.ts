import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesComm } from '../../src/catalogue/thread-patterns.js';

test.each([
  // Names that fit.
  ['G1 Service', 'G1 Service', true],
  ['G1 Service', 'G1 Servic', false],
  ['G1 Servic', 'G1 Service', false],
  ['GC Thread*', 'GC Thread#0', true],
  ['GC Thread#?', 'GC Thread#10', false],
  ['GC Thread*', 'VM Thread', false],
  ['*Thread*', 'VM Thread', true],
  ['jemalloc_bg_thd', 'jemalloc_bg_thd', true],
  ['', '', true],
  ['*', 'java', true],
  // JDK 17 to 25: cut.
  ['C2 CompilerThread0', 'C2 CompilerThre', true],
  ['C2 CompilerThread*', 'C2 CompilerThre', true],
  ['C2 Compiler*', 'C2 CompilerThre', true],
  ['C1 CompilerThread0', 'C2 CompilerThre', false],
  ['*read0', 'C2 CompilerThre', true],
  ['Shenandoah Control Thread', 'Shenandoah Cont', true],
  ['Shenandoah GC Threads*', 'Shenandoah Cont', false],
  ['Native Heap Trimmer', 'Native Heap Tri', true],
  // A name of less than 15 characters is never cut.
  ['C2 Comp', 'C2 CompilerThre', false],
  // JDK 26: head and tail.
  ['C2 CompilerThread0', 'C2 Comp..hread0', true],
  ['C2 CompilerThread1', 'C2 Comp..hread0', false],
  ['C2 CompilerThread*', 'C2 Comp..hread0', true],
  ['C2 Compiler*', 'C2 Comp..hread0', true],
  ['C? Comp*0', 'C2 Comp..hread0', true],
  ['C2*CompilerThread??', 'C2 Comp..ead#12', true],
  ['Shenandoah Control Thread', 'Shenand..Thread', true],
  ['Shenandoah*Worker', 'Shenand..Thread', false],
  // What would have fitted was not shortened: 7 + 6 characters need at least 3 between them.
  ['C2 Comphread0', 'C2 Comp..hread0', false],
  ['C2 Comp?hread0', 'C2 Comp..hread0', false],
  ['C2 Comp???hread0', 'C2 Comp..hread0', true],
  // Two dots that are the thread's own.
  ['pool..thread-01', 'pool..thread-01', true],
  ['a..b', 'a..b', true],
  // A character of which the kernel kept half.
  ['éééééééé', 'ééééééé\uFFFD', true],
  ['éééééééà', 'ééééééé\uFFFD', true],
  ['aaaaaaaé', 'ééééééé\uFFFD', false],
])('"%s" and a thread seen as "%s": %s', (pattern, comm, expected) => {
  expect(matchesComm(pattern, comm)).toBe(expected);
});

describe('for any name', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '#', '0', ' ', '.'), minLength: 1, maxLength: 24 });
  const shortened = (text: string): string => (text.length < 16 ? text : `${text.slice(0, 7)}..${text.slice(-6)}`);
  /** A pattern that the name matches: some of its characters as `?`, some runs as `*`. */
  const patternOf = (text: string, choices: readonly number[]): string =>
    text
      .split('')
      .map((character, i) => ['', '?', '*', character][choices[i % choices.length] ?? 3] ?? character)
      .join('')
      .replace(/^$/, '*');

  test('a pattern that the full name matches finds the thread, cut or shortened', () => {
    fc.assert(
      fc.property(name, fc.array(fc.constantFrom(1, 2, 3), { minLength: 1, maxLength: 24 }), (text, choices) => {
        const pattern = patternOf(text, choices);
        expect(matchesComm(pattern, text.slice(0, 15))).toBe(true);
        expect(matchesComm(pattern, shortened(text))).toBe(true);
      }),
    );
  });

  test('a pattern without stars finds only names that begin and end as it does', () => {
    fc.assert(
      fc.property(name, name, (pattern, text) => {
        fc.pre(!pattern.includes('?') && !pattern.includes('*') && !text.includes('..'));
        expect(matchesComm(pattern, text.slice(0, 15))).toBe(pattern.slice(0, 15) === text.slice(0, 15));
        if (text.length > 15)
          expect(
            matchesComm(pattern, shortened(text)) &&
              pattern !== shortened(text).slice(0, 15) &&
              !pattern.startsWith(shortened(text)),
          ).toBe(pattern.length > 15 && pattern.startsWith(text.slice(0, 7)) && pattern.endsWith(text.slice(-6)));
      }),
    );
  });
});
