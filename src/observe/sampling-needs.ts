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

type Hidden = ObservationGap & { readonly code: 'calls-hidden' | 'functions-hidden' };

/** What may not be read of a process. The kernel shows the function `0` to those who may not know. */
export function hiddenFrom({ pid }: Target): Hidden[] {
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
    // ENOENT: the kernel does not have the file, or the process has ended. The caller looks which of the two it is.
    return ['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
