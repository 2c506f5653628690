/** Why a run failed, and how the machine disturbed it. */
import type { Degradation, Disturbance } from '../../facts/run-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { RunFile } from '../../bundle/bundle-schema.js';
import { isIoHog, type ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { Board } from '../../record/board/board.js';
import { sayFailure, type StatedFailure } from '../../words/failure-words.js';
import { stated } from '../../words/run-words.js';
import type { Afterwards } from '../../workload/prepared.js';
import type { WindowResult } from '../../workload/window.js';
import type { RunAnalysis } from './analyse.js';
import type { MeasuredRun } from './measured-run.js';
import { spoiledBy, spoiledByStop } from './spoiled.js';

export function failuresOf(
  { series }: RunAnalysis,
  result: WindowResult,
  board: Board,
  after: Afterwards,
): StatedFailure[] {
  return [
    ...(result.failure === null ? [] : [sayFailure(result.failure)]),
    ...victimRefusals(series),
    ...holderRefusals(board, result),
    ...churnRefusals(board, result),
    ...after.failures,
  ];
}

export type RunWorth = Pick<RunFile, 'status' | 'failures' | 'disturbances' | 'degraded'>;

/** How a run ended, and what its figures are worth. */
export function worthOf(
  failures: StatedFailure[],
  { workload, result, sampled, machine, untraced }: MeasuredRun,
  limits: ResolvedProfile['spoiled'],
): RunWorth {
  // A run with unknown thread states is repeated, like a disturbed run, unless the next run would lack them too.
  const unseen = sampled.problem === null ? [] : [sampled.problem];
  const repeats = unseen.filter(({ sampler }) => sampler.end !== 'too-large');
  const status = failures.length > 0 ? 'failed' : result.interrupted ? 'partial' : 'complete';
  const isComplete = status === 'complete';
  // The load during a window that was cut short means little, and such a run is not repeated.
  const disturbances: Disturbance[] = isComplete
    ? [...spoiledBy(machine, limits), ...spoiledByStop(sampled.samples, result.window, unseen), ...repeats]
    : [];
  const degraded: Stated<Degradation>[] = [
    ...workload.degraded,
    ...(isComplete ? unseen.filter((problem) => !repeats.includes(problem)) : unseen),
    ...(untraced === null ? [] : [untraced]),
    ...(sampled.unopened_n === 0 ? [] : [stated({ code: 'files-exhausted', threads_n: sampled.unopened_n })]),
    ...endedIoHogs(workload.board, result).map(stated),
  ];
  return { status, failures, disturbances: disturbances.map(stated), degraded };
}

function victimRefusals(series: RunAnalysis['series']): StatedFailure[] {
  return series.flatMap(({ name, figures }) =>
    Object.entries(figures.refused).map(([errno, count]) =>
      stated({ code: 'operations-refused', series: name, errno, count }),
    ),
  );
}

/** Of holders, and of I/O hogs, which then no longer write. */
function holderRefusals(board: Board, { last }: WindowResult): StatedFailure[] {
  return board.threads
    .filter(({ role }) => role === 'holder' || role === 'hog')
    .flatMap(({ index, name }) => {
      const state = last.threads[index];
      return state === undefined || state.refused_n === 0
        ? []
        : [
            stated({
              code: 'holder-refused',
              thread: name,
              errno: String(state.refused_errno),
              count: state.refused_n,
            }),
          ];
    });
}

/** I/O hogs that had written their most before the end of the window. One that the kernel refused makes a failure. */
export function endedIoHogs(board: Pick<Board, 'threads'>, { last, window }: WindowResult): Degradation[] {
  const { windowStart_ns, windowEnd_ns } = window;
  return board.threads.flatMap(({ index, name }): Degradation[] => {
    const { ended_ns = null, refused_n = 0 } = last.threads[index] ?? {};
    if (!isIoHog(name) || refused_n > 0 || ended_ns === null || ended_ns >= windowEnd_ns) return [];
    const after_ns = Math.max(0, ended_ns - windowStart_ns);
    return [{ code: 'io-hog-ended', thread: name, after_ns, window_ns: windowEnd_ns - windowStart_ns }];
  });
}

/** Without these blocks the churn differed from the plan. */
function churnRefusals(board: Board, { last }: WindowResult): StatedFailure[] {
  return board.threads
    .filter(({ role }) => role === 'load')
    .flatMap(({ index, name }) => {
      const refused_n = last.threads[index]?.refused_n ?? 0;
      return refused_n === 0 ? [] : [stated({ code: 'malloc-refused', thread: name, count: refused_n })];
    });
}
