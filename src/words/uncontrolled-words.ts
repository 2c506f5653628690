/** What the verdict says of an arm without a control, such as a user's program (src/verdict/run/alone.ts). */
import { formatDuration } from '../base/text/units.js';
import type { KernelConclusion, LongestWait, ShownPauses } from '../facts/verdict-facts.js';
import { pausedFor } from './pause-words.js';
import { counted } from './text.js';

type Uncontrolled = KernelConclusion & { readonly code: 'uncontrolled' };

/** It says "no probe" only of what was seen as a whole. */
export function uncontrolledText(fact: Uncontrolled): string {
  const { arm, threshold_ns, runs_n, stalls_n, longest_ns, noneStalled, lostRecords_n, exhausted_n, pauses } = fact;
  const threshold = formatDuration(threshold_ns);
  const stalls =
    stalls_n > 0
      ? `probes had ${counted(stalls_n, 'stall')} of ${threshold} or more, ${stalls_n === 1 ? '' : 'up to '}${formatDuration(longest_ns)} long`
      : !noneStalled
        ? `stalls of ${threshold} or more began in the warm-up only`
        : lostRecords_n > 0
          ? `probes had no stall of ${threshold} or more`
          : `no probe was stalled for ${threshold} or more`;
  const causes = [
    ...causesOfStalls(fact),
    ...(lostRecords_n === 0
      ? []
      : ['records of slow operations were lost, so a stall that began in the warm-up may be missing']),
    ...(exhausted_n === 0 ? [] : ['probes used up their fresh pages and stopped']),
    ...(pauses === null ? [] : shownPausesTexts(pauses)),
  ];
  const joint = stalls_n === 0 && noneStalled ? ', but' : ':';
  return `in ${arm} (${counted(runs_n, 'run')}) ${stalls}${causes.length === 0 ? '' : `${joint} ${causes.join(', and ')}`}`;
}

/** How many stalls went by which wait: the wait of a few is not the cause of all. */
function causesOfStalls(fact: Uncontrolled): string[] {
  const { stalls_n, blocked, blocked_n, onMutex, mutex_n, unseen_n } = fact;
  const held = (n: number, longest: LongestWait | null, what: string): string[] => {
    if (n > 0) return [`in ${stallsOf(n, stalls_n, longest)} a probe ${what}`];
    if (longest === null) return [];
    return [`${stalls_n === 0 ? '' : 'in a stall that began in the warm-up '}a probe ${what}`];
  };
  const neither_n = Math.max(0, stalls_n - blocked_n - mutex_n - unseen_n);
  return [
    ...held(blocked_n, blocked, 'was blocked in the kernel'),
    ...held(mutex_n, onMutex, 'slept on the allocator’s mutex'),
    ...(neither_n === 0 ? [] : [neitherText(neither_n, fact)]),
    ...(unseen_n === 0
      ? []
      : [`for ${unseenOf(unseen_n, stalls_n)} it is not known whether the kernel blocked a probe`]),
  ];
}

/** `1 of 50 (120 ms long)`, `all 3 (up to 480 ms long)`, `it`: their length is that of the stalls. */
function stallsOf(n: number, all: number, longest: LongestWait | null): string {
  if (all === 1) return 'it';
  const some = n < all ? `${n} of ${all}` : all === 2 ? 'both' : `all ${all}`;
  const length_ns = longest?.longest_ns ?? null;
  return length_ns === null ? some : `${some} (${n === 1 ? '' : 'up to '}${formatDuration(length_ns)} long)`;
}

/** `n`: stalls of which it was seen that neither held them up. */
function neitherText(n: number, { stalls_n, blocked_n, mutex_n, unseen_n }: Uncontrolled): string {
  if (blocked_n > 0)
    return `in ${n} neither ${mutex_n > 0 ? '' : 'that nor a wait for the allocator’s mutex '}was seen`;
  if (mutex_n > 0) return `in ${n} neither that nor a wait in the kernel was seen`;
  const none = 'blocked in the kernel or known to sleep on the allocator’s mutex';
  return stalls_n === 1
    ? `in it no probe was ${none}`
    : `in none ${unseen_n === 0 ? '' : 'that was seen '}was a probe ${none}`;
}

function unseenOf(unseen_n: number, stalls_n: number): string {
  if (unseen_n < stalls_n) return `${unseen_n} of ${counted(stalls_n, 'stall')}`;
  return stalls_n === 1 ? 'this stall' : `all ${stalls_n} stalls`;
}

function shownPausesTexts({ longest_ns, most_share, isWhole }: ShownPauses): string[] {
  if (longest_ns !== null) return [`by its log the JVM was paused ${pausedFor({ longest_ns, most_share, isWhole })}`];
  return isWhole ? [] : ['the log of the JVM may lack pauses'];
}
