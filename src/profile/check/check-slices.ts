/** A slice needs a policy of the fair scheduler. Threads are found wherever an arm has them: each has the same keys. */
import type { ArmSettings } from '../resolved/settings.js';
import type { Report } from './check-series.js';

export function checkSlices(settings: ArmSettings, report: Report): void {
  for (const { path, policy } of slicedThreads(settings, []))
    if (policy === 'fifo' || policy === 'rr')
      report(
        [...path, 'slice'],
        `a ${policy} thread has no slice; leave it out, or choose policy other, batch or idle`,
      );
}

type Path = readonly (string | number)[];

function* slicedThreads(value: unknown, path: Path): Generator<{ readonly path: Path; readonly policy: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  if ('slice' in value && value.slice !== undefined)
    yield { path, policy: 'policy' in value ? value.policy : undefined };
  for (const [key, inner] of Object.entries(value))
    yield* slicedThreads(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}
