import { expect, test } from 'vitest';
import type { OffRecord } from '../../src/observe/observed.js';
import { sharedParts } from '../../src/observe/shared-parts.js';
import { observedThread, off } from '../support/observed.js';

const ofThread = (tid: number, stack: string[]): OffRecord => ({
  ...off(observedThread('worker', tid), { from: 1, to: 30 }, { taker: observedThread('hog', 900) }),
  stack,
});

test('records of one thread share what names it, and its stack, and say the same as before', () => {
  const shared = sharedParts();
  const first = shared(ofThread(101, ['a', 'b']));
  const second = shared(ofThread(101, ['a', 'b']));
  expect(second).toEqual(ofThread(101, ['a', 'b']));
  expect(second.thread).toBe(first.thread);
  expect(second.taker).toBe(first.taker);
  expect(second.stack).toBe(first.stack);
});

test('records that differ share nothing that differs', () => {
  const shared = sharedParts();
  shared(ofThread(101, ['a', 'b']));
  expect(shared(ofThread(102, ['ab']))).toEqual(ofThread(102, ['ab']));
  expect(shared(ofThread(102, ['a']))).toEqual(ofThread(102, ['a']));
});
