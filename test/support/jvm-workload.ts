/** Our own program in a JVM, beside an engine, without the run loop: for what its loads and probes do by themselves. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jar, nativeAccess, nativeLibrary } from './jdks.js';
import { startJoinedEngine, type JoinedEngine } from './joined-engine.js';
import { until } from './until.js';

export interface JvmWorkloadInput {
  readonly java: string;
  /** Seats by their lines in the engine's plan. */
  readonly joined: readonly string[];
  /** `probe …` and `load …`. */
  readonly plan: readonly string[];
  readonly jvmArgs?: readonly string[];
  /** Before our jar. */
  readonly classPath?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface JvmEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface JvmWorkload extends JoinedEngine {
  readonly pid: number;
  readonly reportPath: string;
  readonly ended: Promise<JvmEnd>;
  /** Every seat is taken. */
  readonly ready: () => Promise<void>;
  /** Once it is ready; `window_ms` from now on, without a warm-up. */
  readonly go: (window_ms: number) => Promise<void>;
}

export const probeLine = (operation: string, more = ''): string =>
  `probe name=p.${operation} operation=${operation} ${more}`;
export const loadLine = (load: string, more = ''): string => `load name=l.${load} load=${load} ${more}`;
/** The seats of such lines; probes have a schedule. */
export const seatOf = (line: string, interval_ns = 1_000_000): string => {
  const name = /name=(\S+)/.exec(line)?.[1] ?? '';
  return line.startsWith('probe')
    ? `joined role=victim name=${name} interval_ns=${interval_ns} offset_ns=0`
    : `joined role=load name=${name} interval_ns=0 offset_ns=0`;
};

export async function startJvmWorkload({
  java,
  joined,
  plan,
  jvmArgs = [],
  classPath = [],
  env = {},
}: JvmWorkloadInput): Promise<JvmWorkload> {
  const engine = await startJoinedEngine(joined);
  const { board, boardPath, folder } = engine;
  const reportPath = join(folder, 'jvm.json');
  const planPath = join(folder, 'jvm.plan');
  writeFileSync(
    planPath,
    [`board path=${boardPath}`, `report path=${reportPath}`, `native path=${nativeLibrary}`, ...plan, ''].join('\n'),
  );
  const child = spawn(
    java,
    [
      nativeAccess,
      '-XX:+PerfDisableSharedMem',
      ...jvmArgs,
      '-cp',
      [...classPath, jar].join(':'),
      'pauselab.Workload',
      planPath,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: folder },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let end: JvmEnd | null = null;
  const ended = new Promise<JvmEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve((end = { code, signal, stdout, stderr }));
    });
  });
  ended.catch(() => undefined);
  const ready = async (): Promise<void> => {
    await until('every seat is taken', () => {
      if (end !== null) throw new Error(`the JVM ended before it was ready: ${JSON.stringify(end)}`);
      return board.state() === 'ready';
    });
  };
  return {
    ...engine,
    pid: child.pid ?? 0,
    reportPath,
    ended,
    ready,
    async go(window_ms) {
      await ready();
      const now_ns = process.hrtime.bigint();
      const windowEnd_ns = now_ns + BigInt(window_ms) * 1_000_000n;
      board.go({ go_ns: now_ns, windowStart_ns: now_ns, windowEnd_ns, drainEnd_ns: windowEnd_ns + 1_000_000_000n });
    },
    async remove() {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
      await engine.remove();
    },
  };
}
