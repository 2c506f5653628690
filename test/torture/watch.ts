/**
 * Looking at a run from outside: in which phase it is, and all boards that it ever made. They are mapped as they
 * appear, so that what was recorded is known whatever becomes of the command.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Board } from '../../src/record/board/board.js';
import { readIfThere } from '../../src/host/files.js';
import { boardIn } from '../support/board-in.js';

/** Of a whole command; from `prepare` to `writing` they come again for every run. */
export const phases = [
  'start',
  'calibration',
  'prepare',
  'warm-up',
  'window',
  'drain',
  'tear-down',
  'writing',
  'end',
] as const;
export type Phase = (typeof phases)[number];

/** The first run is 0. */
export interface Moment {
  readonly phase: Phase;
  readonly run: number;
}

export interface Watch {
  /** Looks for new boards. */
  look(): Moment;
  /** Of runs, not of calibrations; the oldest first. */
  boards(): readonly Board[];
}

/** `shm`: its /dev/shm; `bundle`: where its results go. */
export function watchRun(shm: string, bundle: string): Watch {
  const seen = new Map<string, Board | null>();
  const runs: Board[] = [];

  const newest = (): Board | 'none' | 'unfinished' => {
    const folders = readdirSync(shm)
      .map((name) => join(shm, name))
      .filter((path) => !seen.has(path) || seen.get(path) !== null);
    let latest: Board | 'none' | 'unfinished' = 'none';
    for (const folder of folders) {
      const known = seen.get(folder);
      const board = known ?? boardIn(folder);
      if (board === null) {
        latest = 'unfinished';
        continue;
      }
      if (known === undefined) {
        seen.set(folder, board);
        if (board.threads.some(({ role }) => role === 'victim')) runs.push(board);
      }
      latest = board;
    }
    return latest;
  };

  return {
    boards: () => runs,
    look() {
      const board = newest();
      const [current, next] = [Math.max(0, runs.length - 1), runs.length];
      if (!existsSync(join(bundle, 'manifest.json')))
        return { phase: board === 'none' && seen.size === 0 ? 'start' : 'calibration', run: 0 };
      if (board === 'unfinished' || runs.length === 0) return { phase: 'prepare', run: next };
      if (board === 'none') return { phase: isOver(bundle) ? 'end' : 'writing', run: current };
      return { phase: phaseOf(board), run: current };
    },
  };
}

function phaseOf(board: Board): Phase {
  const state = board.state();
  if (state === 'starting' || state === 'ready') return 'prepare';
  if (state === 'done' || state === 'failed') return 'tear-down';
  const now_ns = process.hrtime.bigint();
  const { windowStart_ns, windowEnd_ns, drainEnd_ns } = board.window();
  return now_ns < windowStart_ns
    ? 'warm-up'
    : now_ns < windowEnd_ns
      ? 'window'
      : now_ns < drainEnd_ns
        ? 'drain'
        : 'tear-down';
}

/** Whether `moment` is at or after `planned`. */
export function isReached(moment: Moment, planned: Moment): boolean {
  const placeOf = ({ phase, run }: Moment): number => run * phases.length + phases.indexOf(phase);
  return moment.phase === 'end' || placeOf(moment) >= placeOf(planned);
}

function isOver(bundle: string): boolean {
  return /"status": "(?!running)/.test((readIfThere(join(bundle, 'summary.json')) ?? '').slice(0, 500));
}
