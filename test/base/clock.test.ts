import { expect, test, vi } from 'vitest';
import { monotonic_ms, settlesWithin, unlessInterrupted, waitFor } from '../../src/base/clock.js';
import { isInterruption } from '../../src/base/failure.js';

const never = new Promise<never>(() => undefined);
const patience = { deadline_ms: 60_000, poll_ms: 1 };

test('what is found is returned, also by a look that takes time', async () => {
  let looks = 0;
  expect(await waitFor(() => ((looks += 1) < 3 ? null : looks), patience)).toEqual({ found: 3 });
  expect(await waitFor(() => Promise.resolve('there'), { deadline_ms: 0, poll_ms: 1 })).toEqual({ found: 'there' });
});

test('after the deadline it is late, and not before a look', async () => {
  let looks = 0;
  expect(
    await waitFor(
      () => {
        looks += 1;
        return null;
      },
      { deadline_ms: 0, poll_ms: 1 },
    ),
  ).toBe('late');
  expect(looks).toBe(1);
});

test('an interruption ends the wait at once, however long the next look is away', async () => {
  expect(
    await waitFor(() => null, { deadline_ms: 3_600_000, poll_ms: 3_600_000, interrupted: Promise.resolve() }),
  ).toBe('interrupted');
  expect(await waitFor(() => null, { deadline_ms: 0, poll_ms: 1, interrupted: never })).toBe('late');
});

test('a wall clock that is set back by an hour moves no deadline', async () => {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(0);
  try {
    const begun_ms = monotonic_ms();
    expect(await waitFor(() => null, { deadline_ms: 5, poll_ms: 1 })).toBe('late');
    expect(monotonic_ms()).toBeGreaterThan(begun_ms);
  } finally {
    clock.mockRestore();
  }
});

test('whether a promise settles in time, by a value or an error', async () => {
  expect(await settlesWithin(Promise.resolve(), 60_000)).toBe(true);
  expect(await settlesWithin(Promise.reject(new Error('late')), 60_000)).toBe(true);
  expect(await settlesWithin(never, 0)).toBe(false);
});

test('a promise is given up for an interruption, which is known as one', async () => {
  expect(await unlessInterrupted(Promise.resolve(1), never, 'it was there')).toBe(1);
  const error = await unlessInterrupted(never, Promise.resolve(), 'it was there').catch((reason: unknown) => reason);
  expect(isInterruption(error)).toBe(true);
  expect(error).toMatchObject({ message: 'interrupted before it was there' });
});
