/**
 * Attempts in processes of their own, a few side by side: one that crashes or hangs is a failure, and the next one has
 * a new process.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuTimeOf } from '../../src/host/machine-load.js';
import type { Outcome } from './attempt.js';
import { attackOf } from './attacks.js';

export interface Lane {
  make(name: string): Promise<Outcome>;
  end(): void;
}

const laneFile = fileURLToPath(new URL('lane.ts', import.meta.url));
/** None of the inputs is large: what needs more was made to. */
const mostMemory_mb = 1024;
const mostStderr = 4000;
const look_ms = 500;

export function startLane(root: string, number: number): Lane {
  const folder = join(root, String(number));
  mkdirSync(folder);
  let child: ChildProcess | null = null;
  let stderr = '';
  const started = (): ChildProcess => {
    if (child !== null) return child;
    stderr = '';
    const begun = fork(laneFile, [folder], {
      execArgv: [...process.execArgv, `--max-old-space-size=${mostMemory_mb}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    begun.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-mostStderr);
    });
    begun.once('exit', () => {
      child = null;
    });
    return (child = begun);
  };
  return {
    make(name) {
      const { most_cpu_s, placeOf } = attackOf(name);
      const lane = started();
      const pid = lane.pid ?? 0;
      const before_ns = cpuTimeOf(pid) ?? 0;
      return new Promise((resolve) => {
        const failed = (problem: string): void => {
          resolve({ name, ...placeOf(name), reached: true, problems: [problem] });
        };
        const watchdog = setInterval(() => {
          const used_s = ((cpuTimeOf(pid) ?? before_ns) - before_ns) / 1e9;
          if (used_s <= most_cpu_s) return;
          clearInterval(watchdog);
          lane.removeAllListeners();
          lane.kill('SIGKILL');
          child = null;
          failed(`it hangs: it has used ${used_s.toFixed(1)} s of CPU time`);
        }, look_ms);
        const crashed = (code: number | null, signal: string | null): void => {
          clearInterval(watchdog);
          failed(`the process that it ran in ended with ${signal ?? String(code)}: ${stderr}`);
        };
        lane.once('exit', crashed);
        lane.once('message', (outcome: Outcome) => {
          clearInterval(watchdog);
          lane.off('exit', crashed);
          resolve(outcome);
        });
        lane.send(name);
      });
    },
    end() {
      child?.disconnect();
    },
  };
}
