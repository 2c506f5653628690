/**
 * The window of a stored baseline. It is fixed when the baseline is saved: a longer window has longer longest stalls,
 * and a user who could change it could change it until the gate passes. Only the number of runs may grow.
 */
import { usage } from '../../../base/failure.js';
import { formatDuration } from '../../../base/text/units.js';
import type { Offered } from './pair.js';

export interface Window {
  readonly warmup_ns: number;
  readonly duration_ns: number;
}

export interface StoredBaseline {
  readonly name: string;
  readonly window: Window;
  /** Runs of its best series that are evidence. */
  readonly runs: number;
}

/** Baselines of a profile. */
export function storedBaselines(offered: readonly Offered[], profile: string): StoredBaseline[] {
  return offered
    .filter(({ facts }) => facts.profile === profile)
    .flatMap((one) => {
      const { resolved, evidence } = one.read();
      if (resolved === null) return [];
      const { warmup_ns, duration_ns } = resolved;
      return [
        {
          name: one.name,
          window: { warmup_ns, duration_ns },
          runs: Math.max(0, ...evidence.map(({ runs }) => runs.length)),
        },
      ];
    });
}

/** The window to measure with. `asked`: the profile's, or, if `isAsked`, the command line's. */
export function windowFor(baselines: readonly StoredBaseline[], asked: Window, isAsked: boolean): Window {
  const isSame = (window: Window): boolean =>
    window.warmup_ns === asked.warmup_ns && window.duration_ns === asked.duration_ns;
  const [first, ...others] = baselines;
  if (first === undefined || baselines.some(({ window }) => isSame(window))) return asked;
  const are = baselines.map(({ name, window }) => `${name} has ${windowWords(window)}`).join(', ');
  if (isAsked)
    throw usage(
      `a window of ${windowWords(asked)} is not the baseline's (${are}), which is fixed when the baseline is saved; leave --duration out, or measure both sides now with an option such as --base-set`,
    );
  if (
    others.some(
      ({ window }) => window.duration_ns !== first.window.duration_ns || window.warmup_ns !== first.window.warmup_ns,
    )
  )
    throw usage(`the baselines have different windows (${are}); choose one with --baseline`);
  return first.window;
}

export function windowWords({ warmup_ns, duration_ns }: Window): string {
  return `${formatDuration(duration_ns)} after ${formatDuration(warmup_ns)} of warm-up`;
}
