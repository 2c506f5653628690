import { beforeEach, expect, test } from 'vitest';
import { cleanUp, cleanUpNow, tellCleanUpFailures } from '../../src/base/clean-up.js';
import { unfit } from '../../src/base/failure.js';

const told: string[] = [];
beforeEach(() => {
  told.length = 0;
  tellCleanUpFailures((sentence) => {
    told.push(sentence);
  });
});

const busy = (): never => {
  throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY', syscall: 'rmdir', path: '/x' });
};
const sentence = 'clean-up failed: rmdir /x failed (EBUSY): it is in use; end what uses it, or name another place';

test('every step is tried in its order, and one that fails is told', async () => {
  const done: number[] = [];
  await cleanUp(
    () => {
      done.push(1);
      busy();
    },
    () => Promise.reject(unfit('the guest could not be ended')),
    async () => {
      await Promise.resolve();
      done.push(3);
    },
  );
  expect(done).toEqual([1, 3]);
  expect(told).toEqual([sentence, 'clean-up failed: the guest could not be ended']);
});

test('the first failure is the one that is thrown', async () => {
  const work = async (): Promise<void> => {
    try {
      await Promise.reject(new Error('the first'));
    } finally {
      await cleanUp(busy);
    }
  };
  await expect(work()).rejects.toThrow('the first');
  const now = (): number => {
    try {
      return 1;
    } finally {
      cleanUpNow(busy);
    }
  };
  expect(now()).toBe(1);
  expect(told).toEqual([sentence, sentence]);
});
