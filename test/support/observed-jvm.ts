/** A JVM that pauselab did not start, for tests of `observe --jvm`. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { logOutputs } from '../../src/observe/jvm/jvm-attach.js';
import { javac } from './jdks.js';
import { isAlive } from './processes.js';
import type { Scratch } from './scratch.js';
import { until } from './until.js';

/** Longer than the 15 bytes that the kernel keeps. */
export const longName = 'a thread with a long name';
/** Of this process alone, because other tests have JVMs too. */
export const mainClass = `Observed${process.pid}`;

/** Has a safepoint every 20 ms. The folder of its class. */
export function compileObserved(scratch: Scratch): string {
  const folder = scratch.fresh('classes');
  mkdirSync(folder);
  const source = join(folder, `${mainClass}.java`);
  writeFileSync(
    source,
    `public class ${mainClass} {
      public static void main(String[] words) throws Exception {
        Thread sleeper = new Thread(() -> { while (true) java.util.concurrent.locks.LockSupport.park(); }, "${longName}");
        sleeper.setDaemon(true);
        sleeper.start();
        System.out.println("runs");
        while (true) { System.gc(); Thread.sleep(20); }
      }
    }`,
  );
  javac(['-d', folder, source]);
  return folder;
}

export interface ObservedJvmProcess {
  readonly pid: number;
  isAlive(): boolean;
  /** As the JVM lists them, without their numbers. */
  outputs(): string[];
  /** Logs of pauselab for it on tmpfs. */
  logs(): string[];
}

/** In its own right as far as the kernel goes: it ends with the test. */
export async function startObserved(
  java: string,
  classes: string,
  flags: readonly string[],
): Promise<ObservedJvmProcess> {
  const jvm = spawn(java, ['-Xmx32m', ...flags, '-cp', classes, mainClass], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  jvm.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  onTestFinished(async () => {
    jvm.kill('SIGKILL');
    await until('the JVM is gone', () => jvm.exitCode !== null || jvm.signalCode !== null);
  });
  await until('the JVM runs', () => {
    if (jvm.exitCode !== null) throw new Error(`the JVM ended with exit code ${jvm.exitCode}`);
    return said.includes('runs');
  });
  const pid = jvm.pid ?? 0;
  return {
    pid,
    isAlive: () => isAlive(pid),
    outputs: () =>
      logOutputs(execFileSync(join(dirname(java), 'jcmd'), [String(pid), 'VM.log', 'list'], { encoding: 'utf8' })),
    logs: () => readdirSync('/dev/shm').filter((name) => name.startsWith(`pauselab-${pid}-`)),
  };
}
