/**
 * JVM flags for every JVM workload, so that the only pauses are the wanted ones. The profile's flags come later and
 * win.
 */
import { join } from 'node:path';
import type { Jdk } from '../../host/jdks.js';

/** `folder` is the run's folder, on tmpfs. jvmLogFlags in record/jvm-log.ts has the flags of the collectors' logs. */
export function defaultFlags({ feature }: Pick<Jdk, 'feature'>, folder: string): string[] {
  return [
    // Without it, the JVM writes to a file mapped from /tmp at every safepoint, and waits for the disk during
    // writeback.
    '-XX:+PerfDisableSharedMem',
    // A thread that logs must not wait for a file, not even on tmpfs. Before JDK 17 the option does not exist.
    ...(feature >= 17 ? ['-Xlog:async'] : []),
    `-XX:ErrorFile=${crashReportPath(folder)}`,
    // A core dump is as large as the heap, and if cores are piped to a program no limit applies.
    '-XX:-CreateCoredumpOnCrash',
  ];
}

const crashReport = /^hs_err_pid\d+\.log$/;

function crashReportPath(folder: string): string {
  return join(folder, 'hs_err_pid%p.log');
}

export function isCrashReport(name: string): boolean {
  return crashReport.test(name);
}
