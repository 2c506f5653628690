import { describe, expect, test } from 'vitest';
import type { LinkFact } from '../../src/facts/chain-facts.js';
import { linkSentence } from '../../src/words/chain-words.js';

const thread = (name: string) => ({ name, tid: 1, role: 'outside', nice: null }) as const;
const waited: LinkFact = {
  duration_ns: 800e6,
  cause: 'not-scheduled',
  grade: 'proven',
  lock: null,
  isNext: false,
  holderWaited: false,
  thread: null,
  call: null,
  via: [],
  holder: null,
  cpuTakenBy: [
    { thread: thread('hog'), duration_ns: 500e6 },
    { thread: thread('cron'), duration_ns: 79e6 },
  ],
  steps: [],
  why: null,
};

describe('who ran on the CPU that a thread waited for', () => {
  test('is named from a tenth of the wait on', () => {
    expect(linkSentence(waited, 'w')).toBe(
      'w was ready to run for 800 ms and had no CPU: `hog` ran there; no lock is to blame',
    );
  });

  test('is not named where nobody ran for so long', () => {
    const cpuTakenBy = [{ thread: thread('cron'), duration_ns: 79e6 }];
    expect(linkSentence({ ...waited, cpuTakenBy }, 'w')).toBe(
      'w was ready to run for 800 ms and had no CPU; no lock is to blame',
    );
  });

  test('counts for a holder by the time in which it had no CPU', () => {
    const holder = { running_ns: 0, preempted_ns: 700e6, blocked_ns: 0, isExact: true };
    const link: LinkFact = { ...waited, cause: 'mmap-lock-reader', thread: thread('purger'), holder };
    expect(linkSentence(link, 'w')).toContain('had no CPU for 700 ms while `hog` and `cron` ran there');
    expect(linkSentence({ ...link, holder: { ...holder, preempted_ns: 800e6 } }, 'w')).toContain(
      'had no CPU for 800 ms while `hog` ran there',
    );
  });
});

test('a holder that ran for most of the time is not said to have lacked a CPU alone', () => {
  const holder = { running_ns: 600e6, preempted_ns: 200e6, blocked_ns: 0, isExact: true };
  const cpuTakenBy = [{ thread: thread('hog'), duration_ns: 150e6 }];
  const link: LinkFact = { ...waited, cause: 'mmap-lock-reader', thread: thread('purger'), holder, cpuTakenBy };
  expect(linkSentence(link, 'w')).toMatch(
    /, which ran for 600 ms of it and had no CPU for 200 ms while `hog` ran there$/,
  );
  expect(linkSentence({ ...link, holder: { ...holder, running_ns: 100e6 } }, 'w')).toMatch(
    /, which was ready to run but had no CPU for 200 ms while `hog` ran there$/,
  );
});

test('what kept the holder follows the holder, not the thread that is next in the queue', () => {
  const holder = { running_ns: 0, preempted_ns: 800e6, blocked_ns: 0, isExact: true };
  const link: LinkFact = {
    ...waited,
    cause: 'mmap-lock-writer',
    thread: thread('purger'),
    via: [thread('mapper')],
    holder,
  };
  expect(linkSentence(link, 'w')).toBe(
    'w waited 800 ms behind `mapper` in the queue of mmap_lock, held for writing by `purger`, a thread outside this process, which was ready to run but had no CPU for 800 ms while `hog` ran there',
  );
});

test('a holder outside of the process has its call', () => {
  const link: LinkFact = { ...waited, cause: 'mmap-lock-reader', thread: thread('cat'), call: '/proc/PID/smaps' };
  expect(linkSentence(link, 'w')).toBe(
    'w waited 800 ms for mmap_lock, held for reading by `cat`, a thread outside this process (/proc/PID/smaps)',
  );
});
