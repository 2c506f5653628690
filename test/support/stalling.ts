/** A process that stalls, to be observed from outside (native/test/stalling.cc), and its record of its waits. */
import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { nativeProgram } from '../native/programs.js';

export interface RecordedWait {
  readonly tid: number;
  /** CLOCK_MONOTONIC. */
  readonly start_ns: number;
  readonly duration_ns: number;
}

export interface Stalling {
  readonly pid: number;
  /** Those of 50 ms and more, when it has ended. */
  readonly waits: Promise<RecordedWait[]>;
}

/** `hog_ms`: for how long the thread that has the lock has no CPU at a time. */
export function startStalling(
  seconds: number,
  hog_ms = 200,
  lock: 'mmap_lock' | 'mutex' | 'arena' = 'mmap_lock',
): Stalling {
  const child = spawn(nativeProgram('pauselab-stalling'), [String(seconds), String(hog_ms), lock], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const waits = new Promise<RecordedWait[]>((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`pauselab-stalling ended with ${String(code)}`));
      else resolve(text.trim().split('\n').flatMap(waitOf));
    });
  });
  // A test that ends it first does not ask for them.
  waits.catch(() => undefined);
  return { pid: child.pid ?? 0, waits };
}

function waitOf(line: string): RecordedWait[] {
  const [tid, start_ns, duration_ns] = line.split(' ').map(Number);
  return tid === undefined || start_ns === undefined || duration_ns === undefined
    ? []
    : [{ tid, start_ns, duration_ns }];
}
