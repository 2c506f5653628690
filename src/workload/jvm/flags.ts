/**
 * JVM flags that every JVM workload gets, so that no pause but the wanted one is in it. A profile's own come after and
 * win.
 */
import { join } from 'node:path';
import type { Jdk } from '../../host/jdks.js';

/** `folder` is the run's, on tmpfs. Flags of the collectors' logs are jvmLogFlags in record/jvm-log.ts. */
export function defaultFlags({ feature }: Pick<Jdk, 'feature'>, folder: string): string[] {
  return [
    // A file mapped from /tmp that the JVM writes at every safepoint: under writeback such a write waits for the disk.
    '-XX:+PerfDisableSharedMem',
    // A thread that logs must not wait for a file, not even one on tmpfs. Before 17 there is no such thing.
    ...(feature >= 17 ? ['-Xlog:async'] : []),
    `-XX:ErrorFile=${crashReportPath(folder)}`,
    // Its size is the heap's, and where cores go to a program by a pipe no limit stops them.
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
