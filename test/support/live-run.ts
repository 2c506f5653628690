/** Looking into a run while a pauselab in another process measures it: its board is a file that anyone may map. */
import type { Board } from '../../src/record/board/board.js';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { boardIn } from './board-in.js';
import { runtimeFolders } from './pauselab.js';
import { childrenOf, isAlive } from './processes.js';
import { until } from './until.js';

export interface LiveRun {
  readonly folder: string;
  readonly board: Board;
  readonly engine: number;
  /** Null unless the holder runs in another process. */
  readonly foreignHolder: number | null;
  readonly sampler: number;
}

/**
 * Once a run's window is open and its first victim has recorded some samples. Runs that only size a region have no
 * victim.
 */
export function untilMeasuring(pauselab: number, { samples = 30, deadline_ms = 30_000 } = {}): Promise<LiveRun> {
  const look = (): LiveRun | null => {
    if (!isAlive(pauselab)) throw new Error(`process ${pauselab} ended before a run measured`);
    for (const folder of runtimeFolders([pauselab])) {
      const board = boardIn(folder);
      if (board?.state() !== 'running' || !board.threads.some(({ role }) => role === 'victim')) continue;
      if ((takeSnapshot(board).series[0]?.service.n ?? 0) < samples) continue;
      const threads = board.threadIds();
      const engine = threads.find(({ role }) => role === 'victim')?.pid ?? 0;
      const holder = threads.find(({ role }) => role === 'holder')?.pid ?? 0;
      const sampler = childrenOf(pauselab).find((pid) => pid !== engine);
      if (sampler === undefined) continue;
      return { folder, board, engine, foreignHolder: holder === engine ? null : holder, sampler };
    }
    return null;
  };
  return until(`a run of process ${pauselab} measures`, look, deadline_ms);
}
