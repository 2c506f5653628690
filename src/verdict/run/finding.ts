/** What was found, arm by arm and series by series. */
import type { ArmSummary, Finding } from '../../bundle/bundle-schema.js';
import type { FindingFact, SeenStalls, SeenUnderLoad } from '../../facts/finding-facts.js';
import { findingSentence } from '../../words/finding-words.js';
import { controlFor } from './control-for.js';
import { heapKept } from '../evidence/heap-kept.js';
import { otherJvm } from './other-jvm.js';
import { evidenceOf, outcomeOf, type Compared, type Judged, type Series } from './outcome.js';
import { mayLackPauses, pausesBeside, type PausesBeside } from './pauses.js';
import { underLoad, type UnderLoad } from './under-load.js';

/** Every series of the arms of a kernel beside the controls of that kernel. */
export function compareArms(arms: readonly ArmSummary[]): Compared[] {
  const hasForeign = arms.some(({ control }) => control === 'foreign');
  return arms
    .filter(({ control }) => control === null)
    .flatMap((arm) => {
      const [foreign, idle] = [controlFor(arm, arms, 'foreign'), controlFor(arm, arms, 'idle')];
      // Without runs under load only the rule for undisturbed runs applies.
      const found = arm.underLoad === null ? null : underLoad(arm, foreign, idle);
      const pauses = foreign === undefined ? null : pausesBeside(arm, foreign);
      return arm.series.map((series): Compared => {
        const same = (control: ArmSummary | undefined): Series | undefined =>
          control?.series.find(({ name }) => name === series.name);
        const controls = { foreign: same(foreign), idle: same(idle) };
        const ofVictim = outcomeOf(series, controls, hasForeign || arm.jvm === null);
        const judged = besideLog(arm, pauses, ofVictim);
        const isNew = found !== null && found.series.includes(series.name) && judged.outcome !== 'stalls';
        return {
          arm,
          series,
          controls,
          otherJvm: otherJvm(arm, arms),
          judged: isNew ? { outcome: 'stalls', reason: null, underLoad: found } : judged,
          paused: !isNew && pauses !== null && judged.reason === pauses.reason ? pauses.seen : null,
        };
      });
    });
}

/** What the log of the arm's JVM leaves of what its victim shows. */
function besideLog(arm: ArmSummary, pauses: PausesBeside | null, judged: Judged): Judged {
  const isQuiet = judged.outcome === 'like-foreign';
  // An arm that gave nothing back does not show what giving back does, however long its JVM is paused.
  if ((heapKept(arm)?.kept_n ?? 0) > 0) return isQuiet ? { outcome: 'unclear', reason: 'heap-kept' } : judged;
  // A victim whose JVM stands still is not like one whose JVM does not, whether a pause falls into an operation or not.
  if (pauses?.reason === 'paused' && (isQuiet || judged.reason === 'not-blocked'))
    return { outcome: 'unclear', reason: 'paused' };
  if (!isQuiet) return judged;
  if (mayLackPauses(arm)) return { outcome: 'unclear', reason: 'pauses-unseen' };
  return pauses === null ? judged : { outcome: 'unclear', reason: pauses.reason };
}

/** `name`: of the arm, for the sentence. */
export function findingOf({ arm, series, controls, judged, paused }: Compared, name = arm.name): Finding {
  const fact: FindingFact = {
    outcome: judged.outcome,
    reason: judged.reason,
    seen: seenIn(series),
    foreignStalls_n: controls.foreign === undefined ? null : stallsIn(controls.foreign),
    idleStalls_n: controls.idle === undefined ? null : stallsIn(controls.idle),
    underLoad: judged.underLoad === undefined ? null : underLoadFact(judged.underLoad),
    paused,
  };
  return {
    code: judged.reason ?? judged.outcome,
    arm: arm.name,
    kernel: arm.kernel,
    series: series.name,
    level:
      judged.reason !== null && judged.reason !== 'paused'
        ? null
        : judged.underLoad === undefined
          ? 'undisturbed'
          : 'under-load',
    ...fact,
    sentence: findingSentence(`${name}, ${series.name}`, fact),
  };
}

function seenIn(series: Series): SeenStalls | null {
  const runs = evidenceOf(series);
  if (runs.length === 0) return null;
  const sum = (of: (run: (typeof runs)[number]) => number): number => runs.reduce((total, run) => total + of(run), 0);
  return {
    runs_n: runs.length,
    stallingRuns_n: runs.filter(({ count }) => count > 0).length,
    stalls_n: stallsIn(series),
    threshold_ns: series.stalls.threshold_ns,
    longest_ns: Math.max(...runs.map(({ longest_ns }) => longest_ns)),
    stalled_share: sum((run) => run.stalled_share) / runs.length,
    hasLostRecords: runs.some(({ lost_records }) => lost_records > 0),
    blocked_n: sum((run) => run.blocked_count),
    mutex_n: sum((run) => run.mutex_count),
    unseen_n: sum((run) => run.unseen_count),
  };
}

function underLoadFact(seen: UnderLoad): SeenUnderLoad {
  const { blamed, runs, stalls_n, endedWithHold_n, chance, longest_ns, load_share, controlLoad_share } = seen;
  return { blamed, runs, stalls_n, endedWithHold_n, chance, longest_ns, load_share, controlLoad_share };
}

function stallsIn(series: Series): number {
  return evidenceOf(series).reduce((sum, { count }) => sum + count, 0);
}
