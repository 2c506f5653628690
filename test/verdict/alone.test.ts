/** An arm without a control, as in `pauselab run app`: what was not seen never reads as none. */
import { describe, expect, test } from 'vitest';
import type { ArmSummary, SeriesRunFigures } from '../../src/bundle/bundle-schema.js';
import { judge, type Judgement } from '../../src/verdict/run/judge.js';
import { armOf, jvmFigures, kernelNamed, ms, pausedRun, runOf, seriesOf, stalledRun, writer } from './fake-summary.js';

const none = [pausedRun(0, 0), pausedRun(0, 0)];
const program = (runs: readonly SeriesRunFigures[], jvm = jvmFigures(none)): ArmSummary =>
  armOf('app', null, [seriesOf(writer, runs)], { holder: null, jvm });
const judged = (arm: ArmSummary): Judgement =>
  judge({ arms: [arm], kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [] });
const verdictOf = (...args: Parameters<typeof program>): string => judged(program(...args)).verdict;
const findingOf = (...args: Parameters<typeof program>): string | undefined =>
  judged(program(...args)).findings[0]?.sentence;

const quiet = runOf();
const unseen = runOf({ count: 3, longest_ns: 2000 * ms, unseen_count: 3, lost_records: 5, stalled_share: 0 });
const onMutex = runOf({
  count: 3,
  longest_ns: 2000 * ms,
  stalled_share: 0.6,
  mutex_count: 3,
  longest_mutex_ns: 1900 * ms,
  mutex_share: 0.6,
});

describe('the verdict', () => {
  test('says that there was no stall where all was seen', () => {
    expect(verdictOf([quiet, quiet])).toBe('On Linux 6.18.0: in app (2 runs) no probe was stalled for 100 ms or more.');
  });

  test('has stalls that were not seen, and that records were lost', () => {
    expect(verdictOf([unseen, quiet])).toBe(
      'On Linux 6.18.0: in app (2 runs) probes had 3 stalls of 100 ms or more, up to 2.00 s long: ' +
        'for all 3 stalls it is not known whether the kernel blocked a probe, ' +
        'and records of slow operations were lost, so a stall that began in the warm-up may be missing.',
    );
    expect(verdictOf([runOf({ count: 5, longest_ns: 2000 * ms, stalled_share: 0.3, unseen_count: 2 })])).toContain(
      'in none that was seen was a probe blocked in the kernel or known to sleep on the allocator’s mutex, ' +
        'and for 2 of 5 stalls it is not known whether the kernel blocked a probe',
    );
  });

  test('says of no stall that records were lost, or that the probes stopped', () => {
    expect(verdictOf([runOf({ lost_records: 2 })])).toContain(
      'in app (1 run) probes had no stall of 100 ms or more, but records of slow operations were lost, ' +
        'so a stall that began in the warm-up may be missing.',
    );
    expect(verdictOf([runOf({ exhausted: 2 })])).toContain(
      'no probe was stalled for 100 ms or more, but probes used up their fresh pages and stopped',
    );
  });

  test('has stalls in the kernel, on the mutex, and elsewhere', () => {
    expect(verdictOf([stalledRun(3, 0.4)])).toContain(
      ': in all 3 (up to 480 ms long) a probe was blocked in the kernel.',
    );
    expect(verdictOf([onMutex])).toContain(
      'up to 2.00 s long: in all 3 (up to 1.90 s long) a probe slept on the allocator’s mutex.',
    );
    expect(verdictOf([stalledRun(3, 0.4), onMutex])).toContain(
      'in app (2 runs) probes had 6 stalls of 100 ms or more, up to 2.00 s long: ' +
        'in 3 of 6 (up to 480 ms long) a probe was blocked in the kernel, ' +
        'and in 3 of 6 (up to 1.90 s long) a probe slept on the allocator’s mutex.',
    );
    expect(verdictOf([stalledRun(1, 0.1, 0)])).toContain(
      'probes had 1 stall of 100 ms or more, 500 ms long: in it no probe was blocked in the kernel or known to sleep',
    );
  });

  test('has the cause of a few stalls as the cause of these, and not of all', () => {
    const few = (more: Partial<SeriesRunFigures>) =>
      verdictOf([quiet, runOf({ count: 50, longest_ns: 800 * ms, stalled_share: 0.6, ...more })]);
    const blocked = { blocked_count: 1, longest_blocked_ns: 120 * ms };
    const onlyMutex = { mutex_count: 2, longest_mutex_ns: 300 * ms };
    expect(few(blocked)).toContain(
      'in app (2 runs) probes had 50 stalls of 100 ms or more, up to 800 ms long: ' +
        'in 1 of 50 (120 ms long) a probe was blocked in the kernel, ' +
        'and in 49 neither that nor a wait for the allocator’s mutex was seen.',
    );
    expect(few(onlyMutex)).toContain(
      ': in 2 of 50 (up to 300 ms long) a probe slept on the allocator’s mutex, ' +
        'and in 48 neither that nor a wait in the kernel was seen.',
    );
    expect(few({ ...blocked, ...onlyMutex, unseen_count: 40 })).toContain(
      'and in 7 neither was seen, and for 40 of 50 stalls it is not known whether the kernel blocked a probe.',
    );
    expect(few({ ...blocked, unseen_count: 49 })).not.toContain('neither');
  });

  test('has blocked stalls outside the window, and stalls from the warm-up', () => {
    const late = runOf({ count: 1, longest_ns: 300 * ms, blocked_count: 1, longest_blocked_ns: 300 * ms });
    expect(verdictOf([late])).toContain('300 ms long: in it a probe was blocked in the kernel.');
    expect(verdictOf([runOf({ stalled_share: 0.2, blocked_share: 0.2 })])).toContain(
      'in app (1 run) stalls of 100 ms or more began in the warm-up only: a probe was blocked in the kernel.',
    );
  });

  test('has pauses that no probe met, and whether the log has all', () => {
    const paused = [pausedRun(2000, 0.8), pausedRun(0, 0)];
    expect(verdictOf([quiet, quiet], jvmFigures(paused))).toContain(
      'in app (2 runs) no probe was stalled for 100 ms or more, but by its log the JVM was paused for up to 2.00 s at a time and for up to 80 % of a run.',
    );
    const logProblems = [{ code: 'log-dropped', sentence: 'the JVM dropped 3 messages' }];
    expect(verdictOf([quiet, quiet], jvmFigures(paused, { logProblems }))).toContain(
      'paused for at least 2.00 s at a time and for at least 80 % of a run (the log may lack pauses).',
    );
    expect(verdictOf([quiet, quiet], jvmFigures(none, { logProblems }))).toContain(
      'or more, but the log of the JVM may lack pauses.',
    );
    expect(verdictOf([quiet, quiet], jvmFigures([pausedRun(99, 0.3), pausedRun(0, 0)]))).not.toContain('paused');
  });
});

describe('the finding', () => {
  test('does not call a victim unblocked whose state was not seen', () => {
    expect(findingOf([unseen])).toContain(
      'in none of them is it known whether the victim was blocked in the kernel; ' +
        'records of slow operations were lost, so there may be more stalled time; without a control.',
    );
    expect(findingOf([runOf({ count: 5, longest_ns: 2000 * ms, stalled_share: 0.3, unseen_count: 2 })])).toContain(
      'in none that was seen was the victim blocked in the kernel; in 2 of them the state of the victim is not known; without',
    );
    expect(findingOf([{ ...stalledRun(5, 0.4, 3), unseen_count: 1 }])).toContain(
      'the victim was blocked in the kernel in 3 of them; in 1 of them the state of the victim is not known; without',
    );
    expect(findingOf([runOf({ lost_records: 1 })])).toContain(
      'no stall of 100 ms or more in its only run; records of slow operations were lost, ' +
        'so a stall that began in the warm-up may have reached into the window unseen; without',
    );
  });
});
