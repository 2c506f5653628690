/** A process that stalls, to be observed from outside (native/test/stalling.cc), and its record of its waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nativeProgram } from '../native/programs.js';
import { onTryFinished } from './tries.js';

export interface RecordedWait {
  readonly tid: number;
  /** CLOCK_MONOTONIC. */
  readonly start_ns: number;
  readonly duration_ns: number;
}

export interface Stalling {
  readonly pid: number;
  /** Ends it. Its waits of 50 ms and more: all that ended before. */
  readonly end: () => Promise<RecordedWait[]>;
}

/**
 * `atMost_s`: it ends then, also if nobody ends it. `hog_ms`: for how long the thread that has the lock has no CPU at a
 * time.
 */
export function startStalling(
  atMost_s: number,
  hog_ms = 200,
  lock: 'mmap_lock' | 'mutex' | 'arena' = 'mmap_lock',
): Stalling {
  const child = spawn(nativeProgram('pauselab-stalling'), [String(atMost_s), String(hog_ms), lock], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  // A test that needs no waits does not look at its end.
  closed.catch(() => undefined);
  onTryFinished(async () => {
    child.kill('SIGKILL');
    await closed.catch(() => undefined);
  });
  const end = async (): Promise<RecordedWait[]> => {
    if (child.exitCode !== null) throw new Error(`pauselab-stalling ended too early, with ${child.exitCode}`);
    child.kill('SIGTERM');
    const [code, signal] = await closed;
    if (signal !== 'SIGTERM') throw new Error(`pauselab-stalling ended with ${String(code ?? signal)}`);
    return text.trim().split('\n').flatMap(waitOf);
  };
  return { pid: child.pid ?? 0, end };
}

function waitOf(line: string): RecordedWait[] {
  const [tid, start_ns, duration_ns] = line.split(' ').map(Number);
  return tid === undefined || start_ns === undefined || duration_ns === undefined
    ? []
    : [{ tid, start_ns, duration_ns }];
}

export interface ObservedWindow {
  readonly monotonicStart_ns: number;
  readonly watched_ns: number;
}

/** The waits that began and ended in the observation, by its clock. */
export function waitsWithin(
  { monotonicStart_ns, watched_ns }: ObservedWindow,
  waits: readonly RecordedWait[],
): RecordedWait[] {
  return waits
    .map((wait) => ({ ...wait, start_ns: wait.start_ns - monotonicStart_ns }))
    .filter(({ start_ns, duration_ns }) => start_ns > 0 && start_ns + duration_ns < watched_ns);
}
