/** The sentence of a refusal gives its reason where pauselab knows it. */
import { expect, test } from 'vitest';
import { stated } from '../../src/words/run-words.js';

test('EEXIST is the fault of another mapping, and no other errno gets a reason', () => {
  const sentence = (errno: string): string =>
    stated({ code: 'operations-refused', series: 'writer.mmap_munmap', errno, count: 3 }).sentence;
  expect(sentence('EEXIST')).toBe(
    'the kernel refused 3 operations of writer.mmap_munmap with EEXIST: another mapping of the process is at that address',
  );
  expect(sentence('ENOMEM')).toBe('the kernel refused 3 operations of writer.mmap_munmap with ENOMEM');
  const ofHolder = stated({ code: 'holder-refused', thread: 'holder', errno: 'EEXIST', count: 1 } as const).sentence;
  expect(ofHolder).toContain('with EEXIST: another mapping');
});
