import { expect, test } from 'vitest';
import type { ArmSummary, HolderFigures } from '../../src/bundle/bundle-schema.js';
import { besidePublished } from '../../src/verdict/run/published.js';
import { notesOf } from '../../src/verdict/run/notes.js';
import { armOf, ms, runOf, seriesOf, writer } from './fake-summary.js';
import { noteSentences } from '../support/stated.js';

function arm(
  name: string,
  operation: string,
  n: number,
  crossed_calls: number | null,
  mean_ns: number | null = 2 * ms,
  control: ArmSummary['control'] = null,
): ArmSummary {
  const plain = armOf(name, control, [seriesOf(writer, [runOf()])]);
  const holder: HolderFigures | null = plain.holder && {
    ...plain.holder,
    name: `holder.${operation}`,
    crossed_calls,
    service: { ...plain.holder.service, n, mean_ns },
  };
  return { ...plain, holder };
}

test('the share of chunks that crossed stands beside the published one, arm by arm', () => {
  expect(
    noteSentences(
      besidePublished([
        arm('nice-4', 'madvise_dontneed_chunks', 4000, 25),
        arm('nice-19', 'madvise_dontneed_chunks', 1, 0),
      ]),
    ),
  ).toEqual([
    'nice-4: 25 of 4000 calls (0.625 %) crossed VMAs.',
    'nice-19: 0 of 1 call (0 %) crossed VMAs.',
    "Published, of Android's HeapTaskDaemon: 1,231 calls fell back to mmap_lock beside 217,735 that did not (0.562 % of 218,966). " +
      'Neither the machine nor the heap is the same: the number of blocks in the heap decides how many calls cross, the kernel decides what a crossing call does to others.',
  ]);
});

test('the mean call of the two layouts, and their ratio, stand beside the published ones of the same operation', () => {
  const arms = [
    arm('d-one', 'parallel_dontneed', 900, 0, 10 * ms),
    arm('d-two', 'parallel_dontneed', 800, 800, 25 * ms),
    arm('f-one', 'parallel_free', 700, 0, 4 * ms),
    arm('f-two', 'parallel_free', 600, 600, 2 * ms),
  ];
  expect(noteSentences(besidePublished(arms))).toEqual([
    'parallel_dontneed: a call took 25.0 ms on average of 800 across VMAs (d-two) and 10.0 ms on average of 900 inside a VMA (d-one): 2.50 times as long. ' +
      'Published: 50.8 ms before the per-VMA lock and 27.0 ms with it, 1.88 times as long. Not the same machine: only the ratios compare.',
    'parallel_free: a call took 2.00 ms on average of 600 across VMAs (f-two) and 4.00 ms on average of 700 inside a VMA (f-one): 0.50 times as long. ' +
      'Published: 308 ms before the per-VMA lock and 110 ms with it, 2.81 times as long. Not the same machine: only the ratios compare.',
  ]);
});

test.each([
  ['arms of other operations', [arm('free', 'madvise_free', 5, 5)]],
  ['a holder that made no call', [arm('none', 'madvise_dontneed_chunks', 0, 0, null)]],
  ['a bundle in which crossing calls were not counted', [arm('old', 'madvise_dontneed_chunks', 5, null)]],
  ['one layout alone', [arm('one', 'parallel_free', 5, 0)]],
  ['no run', [{ ...arm('one', 'parallel_free', 5, 0), holder: null }]],
])('nothing is said of %s', (_, arms) => {
  expect(besidePublished(arms)).toEqual([]);
});

test('it is among the notes, without the controls', () => {
  const notes = notesOf(
    [
      arm('foreign-control', 'madvise_dontneed_chunks', 70, 0, ms, 'foreign'),
      arm('nice-4', 'madvise_dontneed_chunks', 100, 1),
    ],
    [],
  );
  expect(noteSentences(notes).filter((note) => note.includes('crossed VMAs'))).toEqual([
    'nice-4: 1 of 100 calls (1 %) crossed VMAs.',
  ]);
});
