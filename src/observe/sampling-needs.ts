/** What observing by looks at /proc needs, and what of it is there. */
import type { ObservationGap, TierObstacle } from '../facts/observation-facts.js';
import { missingCapabilities } from '../host/capabilities.js';
import { readIfThere, readKernelFile } from '../host/files.js';
import type { Target } from './target.js';

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

/** What may not be read of a process. The kernel shows the function `0` to those who may not know. */
export function hiddenFrom({ pid }: Target): ObservationGap[] {
  return [
    ...(isRefused(`/proc/${pid}/syscall`) ? [{ code: 'calls-hidden', pid } as const] : []),
    ...(isRefused(`/proc/${pid}/wchan`) ? [{ code: 'functions-hidden', pid } as const] : []),
  ];
}

function isRefused(path: string): boolean {
  try {
    readKernelFile(path);
    return false;
  } catch (error) {
    // ENOENT: the kernel does not have it, or the process has ended, which is told apart by the caller's own looks.
    return ['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
