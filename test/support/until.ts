/** Waiting for a condition instead of for a time. */

const poll_ms = 10;

/** The first value that is neither null, undefined nor false; fails with `what` after the deadline. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  deadline_ms = 30_000,
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + deadline_ms;
  for (;;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value as Exclude<T, null | undefined | false>;
    if (Date.now() > deadline) throw new Error(`not within ${deadline_ms / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, poll_ms));
  }
}
