/** Sentences about a busy machine, before a measurement starts on it. */
import { formatDuration, formatShare } from '../base/text/units.js';
import type { LoadBefore } from '../experiment/plan/load-before.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';
import { capitalised } from '../words/text.js';

type Seen = Pick<LoadBefore, 'steal_share' | 'foreignLoad_share'>;

/** `retries`: of the whole experiment. */
export function busyText(load: Seen, { spoiled, warmup_ns, duration_ns }: ResolvedProfile, retries: number): string {
  const repeated =
    retries === 0
      ? 'disturbed runs are not repeated (spoiled.retries)'
      : `at most ${retries === 1 ? '1 disturbed run is' : `${retries} disturbed runs are`} repeated, which takes ${formatDuration(retries * (warmup_ns + duration_ns))} or more`;
  return `${loadText(load, spoiled)}: runs will be disturbed. ${capitalised(repeated)}. Runs under load show whether an arm stalls, and why; they give no rates, lengths or comparisons. --wait-for-quiet 10m waits for a quiet machine`;
}

export function waitingText(load: Seen, { spoiled }: ResolvedProfile, left_ms: number): string {
  return `waiting for a quiet machine, at most ${formatDuration(left_ms * 1e6)} more: ${loadText(load, spoiled)}`;
}

export function stillBusyText(
  load: Seen,
  profile: ResolvedProfile,
  { waited_ms, retries }: { readonly waited_ms: number; readonly retries: number },
): string {
  return `the machine was not quiet within ${formatDuration(waited_ms * 1e6)} (--wait-for-quiet), so runs start under its load. Now ${busyText(load, profile, retries)}`;
}

function loadText({ steal_share, foreignLoad_share }: Seen, limits: ResolvedProfile['spoiled']): string {
  return [
    ...(foreignLoad_share > limits.foreignLoad_share || steal_share <= limits.steal_share
      ? [
          `other programs use ${formatShare(foreignLoad_share)} of the CPU time (limit ${formatShare(limits.foreignLoad_share)})`,
        ]
      : []),
    ...(steal_share > limits.steal_share
      ? [`the hypervisor takes ${formatShare(steal_share)} of the CPU time (limit ${formatShare(limits.steal_share)})`]
      : []),
  ].join(' and ');
}
