/** What observing by looks at /proc needs, and what of it is there. */
import type { ObservationGap, TierObstacle } from '../../facts/observation-facts.js';
import { missingCapabilities } from '../../host/capabilities.js';
import { readIfThere, readKernelFile } from '../../host/files.js';
import { accessProblem } from '../jvm/jvm-process.js';
import type { Target } from '../target.js';

/** Null: nothing is in the way. */
export function whyNoLooks(targets: readonly Target[]): TierObstacle | null {
  for (const { pid, name } of targets) {
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`) ?? '')?.[1] ?? NaN);
    // It has ended meanwhile, which the observation says.
    if (Number.isNaN(uid)) continue;
    if (uid !== process.geteuid?.() && missingCapabilities(['CAP_SYS_PTRACE']).length > 0)
      return { code: 'other-user', pid, name, uid };
  }
  return readIfThere('/proc/self/schedstat') === null ? { code: 'no-run-delay' } : null;
}

type Hidden = ObservationGap & { readonly code: 'calls-hidden' | 'functions-hidden' };

/**
 * What may not be read of a process. Who may not know a function (wchan) can open the file, and reads `0`, which is what
 * a thread that does not wait has, too: the kernel refuses /proc/PID/root to the same users. They may not read calls,
 * either.
 */
export function hiddenFrom({ pid }: Pick<Target, 'pid'>): Hidden[] {
  if (accessProblem(pid) !== null) return [{ code: 'functions-hidden', pid }];
  return isRefused(`/proc/${pid}/syscall`) ? [{ code: 'calls-hidden', pid }] : [];
}

function isRefused(path: string): boolean {
  try {
    readKernelFile(path);
    return false;
  } catch (error) {
    // ENOENT: the kernel does not have the file, or the process has ended. The caller looks which of the two it is.
    return ['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
