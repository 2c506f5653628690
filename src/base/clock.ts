/**
 * The two clocks. Durations and deadlines use CLOCK_MONOTONIC, which nobody sets. The wall clock, which NTP or a user
 * may set back by an hour, only dates things (eslint.config.js forbids Date.now() in all other files).
 */
import { interruptedBefore } from './failure.js';

export function monotonic_ms(): number {
  return performance.now();
}

/** For timestamps, and for the age of files that other processes wrote. */
export function wallClock_ms(): number {
  return Date.now();
}

export function sleep(time_ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, time_ms);
  });
}

/**
 * Calls `handle` when the promise resolves, unless the returned function was called before. The promise may outlive the
 * caller, and then keeps nothing of the caller in memory.
 */
export function listen(promise: Promise<unknown> | undefined, handle: () => void): () => void {
  let current: (() => void) | null = handle;
  void promise?.then(() => current?.());
  return () => {
    current = null;
  };
}

export interface Patience {
  readonly deadline_ms: number;
  readonly poll_ms: number;
  /** Resolves when nobody waits any more. */
  readonly interrupted?: Promise<unknown> | undefined;
}

/**
 * The first value that `look` finds; `late` after the deadline, `interrupted` once that promise has resolved. `look` is
 * called at least once.
 */
export async function waitFor<T>(
  look: () => T | null | Promise<T | null>,
  { deadline_ms, poll_ms, interrupted }: Patience,
): Promise<{ readonly found: T } | 'late' | 'interrupted'> {
  const deadline = monotonic_ms() + deadline_ms;
  const state = { isInterrupted: false };
  let wake: () => void = () => undefined;
  const stopListening = listen(interrupted, () => {
    state.isInterrupted = true;
    wake();
  });
  try {
    for (;;) {
      const found = await look();
      if (found !== null) return { found };
      if (state.isInterrupted) return 'interrupted';
      if (monotonic_ms() >= deadline) return 'late';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(poll_ms, deadline - monotonic_ms()));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    stopListening();
  }
}

/** The promise's value, or a failure as soon as somebody interrupts; `what` completes "interrupted before …". */
export async function unlessInterrupted<T>(
  promise: Promise<T>,
  interrupted: Promise<unknown> | undefined,
  what: string,
): Promise<T> {
  let stopListening: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    stopListening = listen(interrupted, () => {
      reject(interruptedBefore(what));
    });
  });
  // If the interruption came first, nobody handles the promise's failure.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, ended]);
  } finally {
    stopListening();
  }
}

/** Whether the promise settles in time. Its value is ignored, and its failure is left to the caller. */
export async function settlesWithin(promise: Promise<unknown>, deadline_ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, deadline_ms);
  });
  const settled = promise.then(
    () => true as const,
    () => true as const,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
