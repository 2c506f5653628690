/** Tries: only a claim that noise can hide is tried again. */
import { expect, test } from 'vitest';
import { noisy, onTryFinished, withinTries } from './tries.js';

/** How often it was tried, and how it ended. */
async function tried(attempt: (number: number) => unknown): Promise<{ tries_n: number; result: unknown }> {
  let tries_n = 0;
  const result: unknown = await withinTries(3, 'a claim', async () => {
    tries_n += 1;
    return await attempt(tries_n);
  }).catch((error: unknown) => error);
  return { tries_n, result };
}

const fail = (): never => {
  throw new Error('no');
};

test('a noisy claim that holds in the last try holds', async () => {
  expect(await tried((number) => noisy(() => (number < 3 ? fail() : number)))).toEqual({ tries_n: 3, result: 3 });
});

test('one that holds in none fails as it did', async () => {
  expect(await tried(() => noisy(fail))).toEqual({ tries_n: 3, result: new Error('no') });
});

test('one that takes time is the same', async () => {
  expect(await tried(() => noisy(() => Promise.reject(new Error('late'))))).toEqual({
    tries_n: 3,
    result: new Error('late'),
  });
});

test('any other claim has to hold in every try', async () => {
  expect(await tried(fail)).toEqual({ tries_n: 1, result: new Error('no') });
  expect(await tried((number) => (number === 1 ? noisy(fail) : fail()))).toEqual({
    tries_n: 2,
    result: new Error('no'),
  });
});

test('what a try started ends before the next one', async () => {
  const seen: string[] = [];
  await tried((number) => {
    seen.push(`begin ${number}`);
    onTryFinished(() => seen.push(`end ${number}`));
    return noisy(() => (number < 2 ? fail() : null));
  });
  expect(seen).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
});
