import { expect, test } from 'vitest';
import type { AnswerFact } from '../../src/facts/observation-facts.js';
import { reasonText } from '../../src/words/cause-words.js';
import { statedNotRepeated } from '../../src/words/repetition-words.js';
import { givesBackWord, statedAnswer, targetText } from '../../src/words/observation-words.js';

const answer: Extract<AnswerFact, { code: 'gives-back' }> = {
  code: 'gives-back',
  threshold_ns: 20e6,
  watched_ns: 10e9,
  stalls_n: 3,
  total_ns: 900e6,
  givingBack_n: 0,
  perhaps_n: 0,
  givingBack_ns: 0,
  others: [{ cause: 'not-scheduled', isOpen: false, stalls_n: 3, total_ns: 900e6 }],
  ofHolders_n: 0,
  ofHolders_ns: 0,
  unknown_n: 0,
  unknown_ns: 0,
};

test('giving memory back is ruled out where the reason of each stall is known', () => {
  expect(statedAnswer(answer).sentence).toBe(
    'giving memory back is not the reason for any of 3 stalls (900 ms in all); 3 stalls (900 ms) waited for a CPU',
  );
});

test('giving memory back is not ruled out by a call that was not seen', () => {
  const sentenceWith = (cause: 'mmap-lock-holder' | 'mmap-lock-reader', isOpen: boolean) =>
    statedAnswer({ ...answer, others: [{ cause, isOpen, stalls_n: 3, total_ns: 900e6 }] }).sentence;
  expect(sentenceWith('mmap-lock-holder', true)).toBe(
    'giving memory back was not seen to be the reason for any of 3 stalls (900 ms in all); 3 stalls (900 ms) waited for mmap_lock, held by a call that is not known for certain and may have given memory back',
  );
  expect(sentenceWith('mmap-lock-reader', true)).toBe(
    'giving memory back was not seen to be the reason for any of 3 stalls (900 ms in all); 3 stalls (900 ms) waited for mmap_lock, held for reading by a call that is not known for certain and may have given memory back',
  );
  expect(sentenceWith('mmap-lock-reader', false)).toMatch(/is not the reason .* which another call held for reading$/);
});

test('giving memory back is not ruled out by a stall whose reason is not known', () => {
  const { sentence } = statedAnswer({ ...answer, stalls_n: 4, unknown_n: 1, unknown_ns: 100e6 });
  expect(sentence).toContain('giving memory back was not seen to be the reason for any of 4 stalls');
  expect(sentence).toContain('the reason for 1 stall (100 ms) is not known');
});

test('whether a reason gives memory back is not known where its call was not seen', () => {
  const reason = { cause: 'mmap-lock-holder', grade: 'likely', call: null, thread: null } as const;
  expect(givesBackWord(reason)).toBe('not known');
  expect(givesBackWord({ ...reason, cause: 'unknown' })).toBe('not known');
  expect(givesBackWord({ ...reason, call: '/proc/PID/smaps' })).toBe('no');
  expect(givesBackWord({ ...reason, cause: 'not-scheduled' })).toBe('no');
  expect(givesBackWord({ ...reason, call: 'madvise.DONTNEED' })).toBe('yes');
  expect(givesBackWord({ ...reason, cause: 'mmap-lock-reader' })).toBe('not known');
  expect(givesBackWord({ ...reason, cause: 'mmap-lock-reader', call: 'mprotect' })).toBe('no');
  // Such as a page fault, which takes the lock for reading.
  expect(givesBackWord({ ...reason, cause: 'mmap-lock-reader', grade: 'proven' })).toBe('no');
  expect(givesBackWord({ ...reason, cause: 'mmap-lock-writer', grade: 'proven' })).toBe('not known');
  expect(givesBackWord({ ...reason, cause: 'mmap-lock-writer', grade: 'proven', call: 'mprotect' })).toBe('no');
});

test('whether a pause of a JVM gave heap back is not known, unless its late thread never gives any', () => {
  const reason = { cause: 'gc-pause', grade: 'likely', call: null, thread: null } as const;
  const late = (name: string, role: 'other' | 'victim' = 'other') =>
    givesBackWord({ ...reason, cause: 'not-scheduled', thread: { name, tid: 1, role, nice: 0 } });
  expect(givesBackWord(reason)).toBe('not known');
  expect(givesBackWord({ ...reason, cause: 'safepoint' })).toBe('not known');
  expect([late('VM Thread'), late('G1 Service'), late('ShenUncommitThr')]).toEqual(Array(3).fill('not known'));
  expect([late('worker-1'), late('VM Thread', 'victim')]).toEqual(['no', 'no']);
  const others = [{ cause: 'gc-pause', isOpen: true, stalls_n: 3, total_ns: 900e6 } as const];
  expect(statedAnswer({ ...answer, others }).sentence).toBe(
    'giving memory back was not seen to be the reason for any of 3 stalls (900 ms in all); 3 stalls (900 ms) waited for a pause of the collector, in which heap may have been given back unseen',
  );
});

test('a thread of the JVM that was held up otherwise is said to be what others waited for', () => {
  const others = [{ cause: 'cpu-limit', isOpen: true, stalls_n: 3, total_ns: 900e6 } as const];
  expect(statedAnswer({ ...answer, others }).sentence).toMatch(
    /; 3 stalls \(900 ms\) waited for a thread of the JVM that was held up, and that may have given memory back unseen$/,
  );
});

test('a thread that had no CPU while others waited for it is not called the cause of that', () => {
  const purger = { name: 'purger', tid: 1, role: 'other', nice: 0 } as const;
  expect(reasonText({ cause: 'not-scheduled', thread: { ...purger, role: 'victim' } })).toBe(
    'not-scheduled: purger itself',
  );
  expect(reasonText({ cause: 'not-scheduled', thread: purger })).toBe('not-scheduled by purger');
  const root = { cause: 'not-scheduled', call: null, thread: 'purger', stalls_n: 2, total_ns: 100e6 } as const;
  expect(statedNotRepeated({ code: 'stalled-themselves', ...root }).sentence).toMatch(
    /^not-scheduled: purger itself \(2 stalls, 100 ms\): these threads stalled others/,
  );
});

test('giving memory back that is only possible is not called the reason', () => {
  const some = { ...answer, givingBack_n: 2, givingBack_ns: 600e6, others: [] };
  expect(statedAnswer({ ...some, perhaps_n: 2 }).sentence).toBe(
    'giving memory back may be the reason for 2 of 3 stalls and 600 ms of 900 ms stalled time',
  );
  expect(statedAnswer({ ...some, perhaps_n: 1 }).sentence).toBe(
    'giving memory back is the reason for 2 of 3 stalls (for 1 of these it is only possible) and 600 ms of 900 ms stalled time',
  );
});

test('a process that had another name at the end has both', () => {
  expect(targetText({ name: 'sh', pid: 7 }, '1 thread')).toBe('sh (7, 1 thread)');
  expect(targetText({ name: 'sh', nameAtEnd: 'java', pid: 7 })).toBe('sh (7, at the end java)');
});
