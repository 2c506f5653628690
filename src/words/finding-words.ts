/** What was found, series by series, in words that claim no more than src/verdict/run/outcome.ts does. */
import { formatDuration, formatShare } from '../base/text/units.js';
import type { FindingFact, OpenReason, SeenPauses, SeenStalls, SeenUnderLoad } from '../facts/finding-facts.js';
import { pausedFor } from './pause-words.js';
import { counted, holderText } from './text.js';

/** `subject`: of the arm and its series, as a sentence has it. */
export function findingSentence(subject: string, fact: FindingFact): string {
  return `${subject}: ${described(fact)}.`;
}

function described(fact: FindingFact): string {
  if (fact.underLoad !== null) return underLoadText(fact.underLoad);
  const { seen, outcome, reason } = fact;
  if (seen === null) return withoutSeen[reason === 'no-operation' ? reason : 'no-run'];
  const stalls = stallsText(seen);
  if (reason !== null) return openText(reason, stalls, fact);
  return outcome === 'stalls'
    ? `${stalls}; ${inControls(fact)}`
    : `${stalls}; it is indistinguishable from the foreign control, which had ${countText(fact.foreignStalls_n)}`;
}

const withoutSeen = {
  'no-run': 'it has no complete, undisturbed run, so nothing can be concluded',
  'no-operation':
    'the victim made no operation in any complete, undisturbed run, so nothing can be concluded; use a longer window (--duration), or raise its rate',
} as const;

function openText(
  reason: OpenReason,
  seen: string,
  { foreignStalls_n, idleStalls_n, paused, seen: figures }: FindingFact,
): string {
  const inControl = `the foreign control had ${countText(foreignStalls_n)}`;
  switch (reason) {
    case 'no-run':
    case 'no-operation':
      return withoutSeen[reason];
    case 'no-control-run':
      return `${seen}; the foreign control has no complete, undisturbed run to compare it with, so nothing can be concluded`;
    case 'no-control-series':
      return `${seen}; the foreign control has no such series to compare it with (controls.of in the profile names the arm that it copies)`;
    case 'control-gave-nothing':
      return `${seen}; but in no run of the foreign control was anything given back, so it controls nothing; use a longer window (--duration), or let controls.of name an arm that gives memory back`;
    case 'no-idle-run':
      return `${seen}; the idle control has no complete, undisturbed run to compare it with, so nothing can be concluded`;
    case 'uncontrolled':
      return `${seen}${lostText(figures)}; without a control`;
    case 'unseen':
      return `${seen}; but not all of it was seen, so the victim may have been blocked in the kernel; use more runs (--runs) on a less busy machine`;
    case 'holder-idle':
      return `${seen}; but in some run none of the calls under test was made, so there was nothing to wait for; use a longer window (--duration)`;
    case 'heap-kept':
      return `${seen}; but in some run the JVM gave no heap back in the window, so there was nothing to wait for`;
    case 'exhausted':
      return `${seen}; but the victim used up its fresh pages before the end of the window and stopped; lower its rate`;
    case 'not-blocked':
      return `${seen}; ${inControl}, in every run for a smaller share of the time than in some run here; it waited for a CPU or for another thread, which does not indicate mmap_lock`;
    case 'paused':
      return [
        seen,
        inControl,
        ...(paused === null ? [] : [pausedText(paused)]),
        'threads stand still in a pause, also between their operations, which only the response time shows',
      ].join('; ');
    case 'pauses-undecided':
      return [
        seen,
        inControl,
        ...(paused === null ? [] : [pausedText(paused)]),
        'these runs do not decide whether it is paused for longer than the control; use more runs (--runs)',
      ].join('; ');
    case 'pauses-unseen':
      return `${seen}; ${inControl}; but the JVM’s log may lack pauses, in which threads stand still, also between their operations`;
    case 'control-unseen':
      return `${seen}; but records of the foreign control were lost, so it may have been stalled as much; use more runs (--runs)`;
    case 'control-stalls':
      return `${seen}; ${inControl}, in some run for as large a share of the time, so the machine may have caused it; use more runs (--runs)`;
    case 'idle-unseen':
      return `${seen}; but records of the idle control were lost, so it may have been stalled as much; use more runs (--runs)`;
    case 'idle-stalls':
      return (
        `${seen}; the idle control, in which nothing is given back, had ${countText(idleStalls_n)}, in some run for as large a share of the time, ` +
        'so something else on this machine stalls victims; `pauselab explain` shows what'
      );
    case 'some-runs':
      return `${seen}; ${inControl}; not every run shows it, so it may be chance; use more runs (--runs)`;
  }
}

function inControls({ foreignStalls_n, idleStalls_n }: FindingFact): string {
  const inForeign = `the foreign control had ${countText(foreignStalls_n)}`;
  return idleStalls_n === null ? inForeign : `${inForeign}, and the idle control ${countText(idleStalls_n)}`;
}

/**
 * `6 stalls of 100 ms or more in both runs, up to 663 ms long, 48.0 % of the window; the victim was blocked in the
 * kernel in all of them`. Stalls count in the window in which their operations were due (record/stalls.ts), and the share
 * is of the time inside the window: so it may be 0.
 */
function stallsText({
  runs_n,
  stallingRuns_n,
  stalls_n,
  threshold_ns,
  longest_ns,
  stalled_share,
  hasLostRecords,
  blocked_n,
  mutex_n,
  unseen_n,
}: SeenStalls): string {
  const threshold = formatDuration(threshold_ns);
  if (stalls_n === 0) {
    const earlier =
      stalled_share > 0
        ? `, except a stall that began in the warm-up and took ${formatShare(stalled_share)} of the window`
        : '';
    return `no stall of ${threshold} or more in ${runs_n === 1 ? 'its only run' : runs_n === 2 ? 'either run' : `any of ${runs_n} runs`}${earlier}${hasLostRecords ? '; records of slow operations were lost, so a stall that began in the warm-up may have reached into the window unseen' : ''}`;
  }
  const inside =
    stalled_share > 0
      ? `${formatShare(stalled_share)} of the window`
      : hasLostRecords
        ? 'of a share of the window that is not known'
        : `begun after the window in which ${stalls_n === 1 ? 'its operation was' : 'their operations were'} due`;
  return (
    `${counted(stalls_n, 'stall')} of ${threshold} or more in ${inRuns(stallingRuns_n, runs_n)}, ${stalls_n === 1 ? '' : 'up to '}${formatDuration(longest_ns)} long, ${inside}; ` +
    (mutex_n > 0 && blocked_n === 0
      ? onMutexIn(mutex_n, stalls_n)
      : blockedIn(blocked_n, { unseen_n, stalls_n }) +
        (mutex_n > 0 ? `, and in ${mutex_n} it slept on the allocator’s mutex` : '')) +
    (unseen_n > 0 && unseen_n < stalls_n ? `; in ${unseen_n} of them the state of the victim is not known` : '')
  );
}

/** Without a stall the sentence has it already. The board counts the stalls that were due, so none of these is missing. */
function lostText(seen: SeenStalls | null): string {
  return seen === null || !seen.hasLostRecords || seen.stalls_n === 0
    ? ''
    : '; records of slow operations were lost, so there may be more stalled time';
}

function pausedText(paused: SeenPauses): string {
  const { runs_n, pausedRuns_n, foreignRuns_n, foreign_share, isForeignUnknown } = paused;
  const beyond = isForeignUnknown
    ? 'for how long the JVM of the foreign control was paused is not known'
    : foreign_share === null
      ? 'the foreign control is no JVM'
      : foreign_share === 0
        ? `the JVM of the foreign control was never paused${foreignRuns_n === null ? '' : ` (${counted(foreignRuns_n, 'run')})`}`
        : `the JVM of the foreign control for at most ${formatShare(foreign_share)} of ${anyRun(foreignRuns_n)}`;
  const inLong = `pauses as long as a stall in ${inRuns(pausedRuns_n, runs_n)}`;
  return `by its log, the JVM was paused ${pausedFor(paused, [inLong])}, and ${beyond}`;
}

/** Null: it is not known of how many. */
function anyRun(runs_n: number | null): string {
  if (runs_n === null) return 'any run';
  return runs_n === 1 ? 'its only run' : `any of ${runs_n} runs`;
}

function inRuns(affected: number, runs: number): string {
  if (affected < runs) return `${affected} of ${runs} runs`;
  return runs === 1 ? 'its only run' : runs === 2 ? 'both runs' : `all ${runs} runs`;
}

function blockedIn(some: number, { unseen_n, stalls_n: all }: Pick<SeenStalls, 'unseen_n' | 'stalls_n'>): string {
  if (some === 0 && unseen_n >= all)
    return all === 1
      ? 'whether the victim was blocked in the kernel is not known'
      : 'in none of them is it known whether the victim was blocked in the kernel';
  if (some === 0 && unseen_n > 0) return 'in none that was seen was the victim blocked in the kernel';
  if (some === 0)
    return all === 1
      ? 'the victim was not blocked in the kernel'
      : 'in none of them was the victim blocked in the kernel';
  if (all === 1) return 'the victim was blocked in the kernel';
  return `the victim was blocked in the kernel in ${some < all ? `${some} of them` : all === 2 ? 'both' : 'all of them'}`;
}

function onMutexIn(some: number, all: number): string {
  return all === 1
    ? 'the victim slept on the allocator’s mutex'
    : `the victim slept on the allocator’s mutex in ${some < all ? `${some} of them` : all === 2 ? 'both' : 'all of them'}`;
}

function countText(stalls_n: number | null): string {
  return stalls_n === null || stalls_n === 0 ? 'none' : String(stalls_n);
}

function underLoadText({
  blamed,
  runs,
  stalls_n,
  endedWithHold_n,
  chance,
  longest_ns,
  load_share,
  controlLoad_share,
}: SeenUnderLoad): string {
  return (
    `in ${counted(runs, 'run')} under load (others took ${formatShare(load_share)} of the CPU time that was left), ` +
    `${endedWithHold_n} of ${counted(stalls_n, 'wait')} in the kernel (state D) of this arm's victims, up to ${formatDuration(longest_ns)} long, ` +
    `ended within 10 ms of the end of a hold of ${holderText(blamed)}, ` +
    `which chance would do in ${chance < 0.0001 ? 'less than 0.01 %' : formatShare(chance)} of cases; ` +
    `both controls ran as long beside ${formatShare(controlLoad_share)} or more, and no victim of theirs was blocked in the kernel`
  );
}
