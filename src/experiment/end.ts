/** How an experiment ends: complete, interrupted or failed, with what it lacks and how to go on. */
import { Failure } from '../base/failure.js';
import { systemFailure } from '../base/system-error.js';
import { shellWord } from '../base/text/shell-word.js';
import type { SummaryFile } from '../bundle/bundle-schema.js';
import { missingSecrets } from '../profile/resolved/profile-secrets.js';
import { counted, listed } from '../words/text.js';
import { exitCodeOf, type Interruption } from './interruption.js';
import { hasKept, nothingMeasured, type MeasuredSide } from './measured-side.js';
import type { PlannedRun } from './plan/order.js';
import { nameWithoutNumber } from './plan/past-runs.js';

export interface SidesResult {
  readonly summaries: readonly SummaryFile[];
  /** Why the experiment failed; null if it did not. The bundles have the measured runs in either case. */
  readonly failure: Failure | null;
}

/** What an experiment lacks at its end. */
interface Lacking {
  /** In their order; that of a run has the run's name. */
  readonly failures: readonly Failure[];
  /** False: the last failure ended the experiment. */
  readonly isWhole: boolean;
  /** Runs that were not made: those that were left out, and those that were to come. */
  readonly missing: readonly PlannedRun[];
}

/** After the last run, or after an interruption. */
export function usualEnd(sides: readonly MeasuredSide[], interruption: Interruption, lacking: Lacking): SidesResult {
  const signal = interruption.signal();
  if (signal !== null && nothingMeasured(sides))
    throw new Failure(exitCodeOf(signal), `interrupted by ${signal} before the first run; nothing was measured`);
  if (signal === null && lacking.failures.length > 0) return failedEnd(sides, lacking);
  const publish = (status: SummaryFile['status']): SummaryFile[] => sides.map((side) => side.publish(status));
  try {
    if (signal === null) return { summaries: publish('complete'), failure: null };
    return {
      summaries: publish('partial'),
      failure: new Failure(
        exitCodeOf(signal),
        `interrupted by ${signal}; what was measured is kept, marked partial${continuing(sides)}`,
      ),
    };
  } catch (error) {
    const refused = error instanceof Failure ? error : systemFailure(error);
    if (refused === null) throw error;
    return failedEnd(sides, { failures: [...lacking.failures, refused], isWhole: false, missing: lacking.missing });
  }
}

/** Every end by a failure. The exit code is that of the first failure; the verdict names every failed run. */
export function failedEnd(sides: readonly MeasuredSide[], lacking: Lacking): SidesResult {
  const summaries = sides.map((side) => side.publishFailed());
  const [first] = lacking.failures;
  if (first === undefined) throw new Error('a failed end without a failure');
  const sentences = [first.message, ...othersText(lacking), ...missingText(lacking, sides)];
  // Without a complete run, the experiment is as well run again.
  const isWorthwhile = sides.some(hasKept);
  return {
    summaries,
    failure: new Failure(first.code, `${sentences.join('; ')}${isWorthwhile ? continuing(sides) : ''}`, {
      cause: first,
    }),
  };
}

function othersText({ failures, isWhole }: Lacking): string[] {
  const others_n = failures.length - 1;
  const last = failures.at(-1);
  if (others_n === 0 || last === undefined) return [];
  const more = `${counted(others_n, 'more failure')} followed`;
  if (isWhole) return [more];
  return [`${more}, and ${others_n === 1 ? 'it' : 'the last of them'} ended the experiment: ${last.message}`];
}

function missingText({ missing, isWhole, failures }: Lacking, sides: readonly MeasuredSide[]): string[] {
  const runs = counted(missing.length, 'further run');
  const was = missing.length === 1 ? 'was' : 'were';
  if (!isWhole) {
    // That nothing follows the failure of the first run needs no words.
    const isFirst = failures.length === 1 && sides.every(({ finished }) => finished.length <= 1);
    return missing.length === 0 || isFirst ? [] : [`${runs} ${was} not made`];
  }
  if (missing.length === 0) return ['all other runs were made'];
  const kernels_n = new Set(sides.flatMap(({ ofRound }) => ofRound.map(({ kernel }) => kernel))).size;
  const names = new Set(missing.map((run) => nameWithoutNumber(run, kernels_n)));
  return [`${runs} of ${listed([...names])} ${was} left out, and all other runs were made`];
}

/** How to go on. Two sides in turns share their rounds, and are not resumed; a program may need secrets that are not kept. */
function continuing([side, ...others]: readonly MeasuredSide[]): string {
  if (side === undefined || others.length > 0 || side.plan.turns !== null) return '';
  if (missingSecrets(side.redactor.profile.arms).length > 0) return '';
  return `; continue with \`pauselab resume ${shellWord(side.plan.store.path)}\``;
}
