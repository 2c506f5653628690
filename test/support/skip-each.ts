import { beforeEach } from 'vitest';

/** Skips each test of the suite that it is called in, or of the file, and says why. */
export function skipEach(condition: boolean, reason: string): void {
  beforeEach(({ skip }) => {
    skip(condition, reason);
  });
}
