/** What observing by events of tracefs needs, and whether it is there. */
import { spawnSync } from 'node:child_process';
import type { TierObstacle } from '../../facts/observation-facts.js';
import { lockdownMode } from '../../host/capabilities.js';
import { programs } from '../../workload/programs.js';
import { createRuntimeFolder } from '../../workload/runtime-folder.js';
import { isInOtherNamespace } from '../target.js';

/** What can be said before the tracer is built; null: nothing is in the way so far. */
export function whyNoTrace(): TierObstacle | null {
  if (isInOtherNamespace()) return { code: 'in-pid-namespace' };
  return process.geteuid?.() === 0 ? null : { code: 'needs-root' };
}

const checkDeadline_ms = 30_000;

/** The tracer makes an instance and switches two events on: a mounted tracefs alone does not show what lockdown forbids. */
export function whyTraceRefused(): TierObstacle | null {
  const folder = createRuntimeFolder();
  try {
    const { status, signal, stderr, error } = spawnSync(programs.tracer(), ['--check', folder.path], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: checkDeadline_ms,
    });
    if (status === 0) return null;
    const complaint = stderr.trim().split('\n').at(-1) ?? '';
    return {
      code: 'kernel-refuses',
      complaint: complaint === '' ? `it ended with ${String(error?.message ?? status ?? signal)}` : complaint,
      lockdown: lockdownMode(),
    };
  } finally {
    folder.remove();
  }
}
